/** Operations of NGSI v2 that tell the types of entities, and the types of their attributes. */
import { anyOfTypes, type Filter } from '../../language/filter.ts';
import type { Entity } from '../../model/entity.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { attributeName, typeIri, typeName } from '../../v2/names.ts';
import { V2Problem } from '../../v2/problem.ts';
import { shownInstance, typedValue } from '../../v2/render-attribute.ts';
import { contentInParts, createContentOf } from '../content.ts';
import type { CallContext, Operation } from '../operation.ts';
import { v2ReadHead } from './heads.ts';
import { readPage, readV2Options } from '../../v2/page.ts';
import { type Params, pathsOf } from './request.ts';

export const listV2Types: Operation = {
  ...v2ReadHead,
  name: 'listV2Types',
  path: '/v2/types',
  parameters: ['limit', 'offset', 'options'],
  async run({ params }, call) {
    const options = readV2Options(params);
    const { limit, offset, isCounted } = readPage(params, options);
    const names = (await presentTypes(call)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const page = names.slice(offset, offset + limit);
    const shown: Json[] = [];
    for (const { iri, name } of page)
      shown.push(options.has('values') ? name : { type: name, ...(await describeType(iri, params, call)) });
    const count = isCounted ? { count: names.length } : undefined;
    return { kind: 'found', text: JSON.stringify(shown), page: { limit, offset, hasMore: false, ...count } };
  },
};

export const retrieveV2Type: Operation = {
  ...v2ReadHead,
  name: 'retrieveV2Type',
  path: '/v2/types/{type}',
  parameters: ['options'],
  async run({ path, params }, call) {
    const described = await describeType(typeIri(path['type'] ?? '', call.context), params, call);
    if (described['count'] === 0) throw new V2Problem('NotFound', 'Entity type not found');
    return { kind: 'found', text: JSON.stringify(described) };
  },
};

interface NamedType {
  readonly iri: string;
  readonly name: string;
}

/** The types that have entities in the service paths of the request. */
async function presentTypes(call: CallContext): Promise<readonly NamedType[]> {
  const { types } = await call.store.summary();
  const present: NamedType[] = [];
  // All types have entities: only service paths have to be looked into.
  if (!pathsOf(call)) return types.map(({ type }) => ({ iri: type, name: typeName(type, call.context) }));
  for (const { type } of types) {
    const [first] = await call.store.find({ filter: ofType(type, call), now: call.now, limit: 1, isLazy: true });
    if (first) present.push({ iri: type, name: typeName(type, call.context) });
  }
  return present;
}

function ofType(iri: string, call: CallContext): Filter {
  const paths = pathsOf(call);
  return { selectors: [{ types: anyOfTypes([iri]) }], ...(paths ? { also: [paths] } : undefined) };
}

/** At most this many entities of a type are looked at for the types of its attributes: the oldest ones. */
const lookedAtMax = 1000;

async function describeType(iri: string, params: Params, call: CallContext): Promise<JsonObject> {
  const isShort = readV2Options(params).has('noAttrDetail');
  const filter = ofType(iri, call);
  const plan = { filter, now: call.now, limit: lookedAtMax, isLazy: true };
  const seen = new Map<string, Set<string>>();
  for await (const part of contentInParts(await call.store.find(plan), createContentOf(filter, call))) {
    for (const stored of part) {
      const pause = call.services.yieldToEventLoop();
      if (pause) await pause;
      lookAt(stored.entity(), seen, call);
    }
  }
  const attrs = [...seen].map(([name, types]) => [name, { types: isShort ? [] : [...types].sort() }] as const);
  return { attrs: Object.fromEntries(attrs), count: await call.store.count(plan) };
}

function lookAt({ attrs }: Entity, seen: Map<string, Set<string>>, { context }: CallContext): void {
  for (const [iri, instances] of Object.entries(attrs)) {
    const instance = shownInstance(instances);
    if (!instance) continue;
    const name = attributeName(iri, context);
    const types = seen.get(name) ?? new Set();
    seen.set(name, types.add(typedValue(instance, context).type));
  }
}
