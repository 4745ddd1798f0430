/** Reads what all operations of NGSI v2 have in common: options, lists of names, service paths, and how entities are shown. */
import type { Filter } from '../../language/filter.ts';
import { stringsOf } from '../../model/json.ts';
import { typeIri } from '../../v2/names.ts';
import { V2Problem } from '../../v2/problem.ts';
import type { V2Reading } from '../../v2/reading.ts';
import type { V2View } from '../../v2/render-entity.ts';
import { readPaths, readWritePath, type WritePath } from '../../v2/service-path.ts';
import type { CallContext } from '../operation.ts';
import { readV2Options } from '../../v2/page.ts';

export type Params = Readonly<Record<string, string>>;

/** The elements of a list; undefined when the parameter is absent. */
export const readNames = (params: Params, name: string): readonly string[] | undefined =>
  params[name]?.split(',').map((element) => element.trim());

/** How the body of a request is read. */
export const readingOf = (options: ReadonlySet<string>, { context }: CallContext): V2Reading => ({
  terms: context,
  isKeyValues: options.has('keyValues'),
  isStrict: true,
  metadata: options.has('overrideMetadata') ? 'replace' : 'keep',
  isForced: options.has('forcedUpdate'),
});

const formats = ['keyValues', 'values', 'unique'] as const;

/** How the entities of an answer are shown. */
export function readV2View(params: Params, { context }: CallContext): V2View {
  const options = readV2Options(params);
  const attrs = [
    ...(readNames(params, 'attrs') ?? []),
    ...['dateCreated', 'dateModified'].filter((name) => options.has(name)),
  ];
  return {
    terms: context,
    format: formats.find((format) => options.has(format)) ?? 'normalized',
    attrs: attrs.length > 0 && params['attrs'] === undefined ? ['*', ...attrs] : attrs,
    metadata: readNames(params, 'metadata'),
    types: typesOf(params, context),
  };
}

/** The expanded types in the parameter `type`. */
export const typesOf = (params: Params, terms: CallContext['context']): readonly string[] | undefined =>
  readNames(params, 'type')?.map((type) => typeIri(type, terms));

const headerOf = ({ headers }: CallContext, name: string): string | undefined => {
  const sent = headers?.[name];
  return sent === undefined ? undefined : stringsOf(sent).join(',');
};

export const pathHeader = 'fiware-servicepath';

/** The filter of the service paths of a read; undefined for all entities. */
export const pathsOf = (call: CallContext): Filter | undefined => readPaths(headerOf(call, pathHeader));

/** The service path of a request about histories. An absent or empty header means the root, so that no deletion is about all paths by mistake. */
export function historyPathOf(call: CallContext): string {
  const path = headerOf(call, pathHeader) ?? '';
  return path === '' ? '/' : path;
}

export const writePathOf = (call: CallContext, isDeletion = false): WritePath =>
  readWritePath(headerOf(call, pathHeader), isDeletion);

/** A request header by its lower-case name. */
export const sentHeader = headerOf;

/** The condition on the entity of a request that names it by its id: the types that it asks for, and the service path. */
export function conditionOf(params: Params, path: Filter | undefined, call: CallContext): Filter | undefined {
  const types = typesOf(params, call.context);
  if (!types) return path;
  const ofTypes: Filter = {
    selectors: [{ types: { op: 'or', parts: types.map((type) => ({ op: 'type', type })) } }],
  };
  return path ? { ...ofTypes, also: [path] } : ofTypes;
}

export const noEntity = (): V2Problem =>
  new V2Problem('NotFound', 'The requested entity has not been found. Check type and id');

export const noAttribute = (): V2Problem => new V2Problem('NotFound', 'The entity does not have such an attribute');
