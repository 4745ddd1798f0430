/** Operations of NGSI v2 that write one attribute, or its value alone. */
import type { Json } from '../../model/json.ts';
import type { Mutation } from '../../model/mutation.ts';
import { expiryName } from '../../v2/builtins.ts';
import { attributeIris } from '../../v2/names.ts';
import { type NamedAssignment, readV2Attribute, readV2Value } from '../../v2/read-attribute.ts';
import { readExpiry, readUri, type V2Entity } from '../../v2/read-entity.ts';
import type { V2Reading } from '../../v2/reading.ts';
import type { CallContext, Operation, OperationRequest, OperationResult } from '../operation.ts';
import { v2WriteHead } from './heads.ts';
import { readV2Options } from '../../v2/page.ts';
import { typeIn, type V2Write, withAttributes, writeEverywhere } from './forward-write.ts';
import { conditionOf, noAttribute, readingOf, writePathOf } from './request.ts';
import { assignment, isDone } from './writing.ts';

const attributeHead = {
  ...v2WriteHead,
  path: '/v2/entities/{id}/attrs/{attr}',
  parameters: ['type', 'options'],
} as const;

export const replaceV2Attribute: Operation = {
  ...attributeHead,
  name: 'replaceV2Attribute',
  method: 'PUT',
  run(request, call) {
    const reading = { ...readingOf(readV2Options(request.params), call), isKeyValues: false };
    return writeAttribute(request, { reading, read: (name, json) => readV2Attribute(name, json, reading) }, call);
  },
};

export const replaceV2Value: Operation = {
  ...attributeHead,
  name: 'replaceV2Value',
  method: 'PUT',
  path: '/v2/entities/{id}/attrs/{attr}/value',
  body: 'value',
  run(request, call) {
    const reading = { ...readingOf(readV2Options(request.params), call), isKeyValues: true };
    return writeAttribute(request, { reading, read: (name, json) => readV2Value(name, json, reading) }, call);
  },
};

interface Reader {
  readonly reading: V2Reading;
  readonly read: (name: string, json: Json) => NamedAssignment;
}

async function writeAttribute(request: OperationRequest, reader: Reader, call: CallContext): Promise<OperationResult> {
  const { reading } = reader;
  const entity = entityOf(request, reader);
  const only = conditionOf(request.params, writePathOf(call).filter, call);
  const here: V2Write['here'] = (names) =>
    assignment(withAttributes(entity, names), { rule: 'update', creates: false }, { call, reading });
  const body = { [request.path['attr'] ?? '']: request.body ?? null };
  const about = { entity: { ...entity, ...typeIn(request) }, names: Object.keys(entity.attrs), body, reading };
  const performed = await writeEverywhere({ ...about, isOfAttribute: true, way: 'update', only, here }, call);
  if ((performed?.notUpdated ?? []).length > 0) throw noAttribute();
  return { kind: 'done' };
}

/** The entity with the one attribute that the request writes. */
function entityOf({ path, body = null }: OperationRequest, { reading, read }: Reader): V2Entity {
  const { id = '', attr = '' } = path;
  const head = { id: readUri(id), v2Id: id };
  if (attr === expiryName) return { ...head, attrs: {}, expiresAt: readExpiry(body, reading) };
  const { iri, assignment: one } = read(attr, body);
  return { ...head, attrs: { [iri]: one } };
}

export const deleteV2Attribute: Operation = {
  ...attributeHead,
  name: 'deleteV2Attribute',
  method: 'DELETE',
  parameters: ['type'],
  access: 'delete',
  body: 'none',
  async run({ path, params }, call) {
    const { id = '', attr = '' } = path;
    const only = conditionOf(params, writePathOf(call, true).filter, call);
    const { attrs: names, ...mutation } = removal(readUri(id), [attr], call);
    const entity = { id: mutation.id, v2Id: id, ...typeIn({ params }), attrs: {} };
    const about = { entity, names, body: { [attr]: null }, reading: { isKeyValues: false }, isOfAttribute: true };
    const here: V2Write['here'] = (rest = names) => ({ ...mutation, attrs: rest });
    const performed = await writeEverywhere({ ...about, way: 'deleteAttrs', only, here }, call);
    if (performed && attr !== expiryName && !isDone(performed)) throw noAttribute();
    return { kind: 'done' };
  },
};

/** The mutation that removes attributes. A name with two IRIs removes what is there of both. */
export function removal(
  id: string,
  names: readonly string[],
  { context }: CallContext,
): Extract<Mutation, { op: 'unassign' }> {
  const attrs = names.filter((name) => name !== expiryName).flatMap((name) => attributeIris(name, context));
  return { op: 'unassign', id, attrs, ...(names.includes(expiryName) ? { removesExpiry: true } : undefined) };
}
