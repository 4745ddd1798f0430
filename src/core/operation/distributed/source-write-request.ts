/** Writes the requests by which writes are forwarded to sources: reduced to what these have registered, in their names (clause 4.3.6.1). */
import type { Context } from '../../jsonld/context.ts';
import { isArray, isObject, type Json } from '../../model/json.ts';
import { isEntityMember } from '../../model/read/entity.ts';
import { isReserved } from '../../model/read/name.ts';
import type { SourceRequest } from '../../port/sources.ts';
import type { Operation, OperationRequest } from '../operation.ts';

import { requestOf, type SourceTarget } from './source-request.ts';

/** A write that is forwarded: the operation, and the attributes that go to the source. */
export interface ForwardedWrite {
  readonly operation: Pick<Operation, 'method' | 'path'>;
  readonly request: OperationRequest;
  /** Absent: the whole entity. */
  readonly attrs?: readonly string[] | undefined;
  /** The @context of the request. */
  readonly asked: Context;
}

/** The request of the client, reduced to these attributes, in the names of the source. */
export function writeRequest(
  target: SourceTarget,
  { operation, request, attrs, asked }: ForwardedWrite,
): SourceRequest {
  const { context } = target;
  const rename = renamingFor(target, asked);
  const path = operation.path
    .replace('{id}', encodeURIComponent(request.path['id'] ?? ''))
    .replace('{instanceId}', encodeURIComponent(request.path['instanceId'] ?? ''))
    .replace('{attr}', encodeURIComponent(rename(request.path['attr'] ?? '')));
  const { local: _local, type, ...params } = request.params;
  const own = {
    ...params,
    ...(type === undefined ? undefined : { type: type.replace(/[^\s,;|()]+/g, rename) }),
    ...(target.registration.handling.isLocalOnly ? { local: 'true' } : undefined),
  };
  const isValue = operation.path.endsWith('/value');
  const body = isValue ? request.body : forwardedBody({ operation, request, attrs, asked }, context, rename);
  return requestOf(target, {
    method: operation.method,
    path,
    params: own,
    isValue,
    ...(body === undefined ? undefined : { body }),
  });
}

function forwardedBody(
  { operation, request, attrs, asked }: ForwardedWrite,
  context: Context,
  rename: (name: string) => string,
): Json | undefined {
  const isEntity = !operation.path.includes('{attr}');
  const kept = isEntity && attrs ? withAttributes(request.body, attrs, asked) : request.body;
  return kept === undefined || asked.key === context.key ? kept : renamed(kept, rename, isEntity);
}

/** An element of a batch that is forwarded, and the attributes of it that go to the source. */
export interface ForwardedElement {
  readonly body: Json;
  /** Absent: the whole element. */
  readonly attrs?: readonly string[] | undefined;
}

/** Renames what the @context `asked` names in the names of the source. */
export const renamingFor =
  ({ context }: SourceTarget, asked: Context) =>
  (name: string): string =>
    asked.key === context.key ? name : context.compact(asked.expand(name));

interface Reducing {
  readonly rename: (name: string) => string;
  readonly asked: Context;
  readonly context: Context;
}

/** An entity, or a part of one, reduced to the attributes and renamed. */
export function reducedBody(
  { body, attrs }: Partial<ForwardedElement>,
  { rename, asked, context }: Reducing,
): Json | undefined {
  const kept = attrs ? withAttributes(body, attrs, asked) : body;
  return kept === undefined || asked.key === context.key ? kept : renamed(kept, rename, true);
}

/** An entity, or some attributes of one, with these attributes only. */
export function withAttributes(body: Json | undefined, attrs: readonly string[], context: Context): Json | undefined {
  if (!isObject(body)) return body;
  const kept = new Set(attrs);
  return Object.fromEntries(
    Object.entries(body).filter(([name]) => isEntityMember(name) || kept.has(context.expand(name))),
  );
}

/** Members of attributes whose values have no names of attributes in them. */
const values = new Set(['value', 'json', 'languageMap', 'vocab', 'object', 'valueList', 'objectList', 'objectType']);

/** An entity or an attribute with its names, and those of sub-attributes, renamed. */
function renamed(json: Json, rename: (name: string) => string, isEntity: boolean): Json {
  if (isArray(json)) return json.map((one) => renamed(one, rename, isEntity));
  if (!isObject(json)) return json;
  return Object.fromEntries(
    Object.entries(json).map(([name, member]) => {
      if (isEntity && (name === 'type' || name === '@type')) return [name, renamedTypes(member, rename)];
      const isOwn = isEntity ? isEntityMember(name) : values.has(name) || isReserved(name) || name === 'type';
      return isOwn ? [name, member] : [rename(name), renamed(member, rename, false)];
    }),
  );
}

function renamedTypes(json: Json, rename: (name: string) => string): Json {
  if (typeof json === 'string') return rename(json);
  return isArray(json) ? json.map((one) => renamedTypes(one, rename)) : json;
}
