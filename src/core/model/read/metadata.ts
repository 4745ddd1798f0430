/** Reads the members of an instance other than kind, value and sub-attributes (CIM 009 clause 4.5.2). */
import { type Fragment, type Kind, mayHave, ngsildNull, valueMember } from '../attribute.ts';
import { isStrings, type Json } from '../json.ts';
import { badData } from '../problem.ts';
import { quoted, readId } from './id.ts';
import { isInstance } from './kind.ts';
import { isReserved } from './name.ts';
import type { Reading } from './reading.ts';
import { readTime } from './time.ts';

const valueMembers: ReadonlySet<string> = new Set(Object.values(valueMember));
/** Members that only the broker writes: its time stamps and the instance id. */
export const stampMembers: ReadonlySet<string> = new Set(['createdAt', 'modifiedAt', 'deletedAt', 'instanceId']);
const joined: ReadonlySet<string> = new Set(['entity', 'entityList', 'lang']);

/**
 * True for a member that only the broker writes. It is ignored, so that a client can write back what it read (clause 4.8). An attribute
 * cannot have such a name.
 */
export const isOutput = (name: string, json: Json): boolean =>
  stampMembers.has(name) || name === 'type' || name === '@type' || (joined.has(name) && !isInstance(json));

/** Refuses members that have another meaning than a sub-attribute but are not allowed here. */
export function refuseMember(name: string, kind: Kind | undefined, { where }: Reading): void {
  if (valueMembers.has(name) || joined.has(name) || isReserved(name))
    throw badData(`A ${kind ?? 'fragment'} cannot have a ${name}: ${where}.`);
  if (name === '@context') throw badData(`The ${where} must not hold an @context.`);
}

type ReadMember = (json: Json, kind: Kind | undefined, reading: Reading) => Fragment;

/** A Map, because a sub-attribute can have the name `constructor`. */
export const metadataReaders: ReadonlyMap<string, ReadMember> = new Map(
  Object.entries<ReadMember>({
    datasetId: (json, _kind, reading) => readDataset(json, reading),
    observedAt: (json, _kind, reading) => ({ observedAt: readTime(json, 'observedAt', reading) }),
    expiresAt: (json, _kind, reading) => ({ expiresAt: readTime(json, 'expiresAt', reading) }),
    unitCode: (json, kind, reading) => ({
      unitCode: readText(
        json,
        { member: 'unitCode', isAllowed: kind === undefined || mayHave(kind, 'unitCode') },
        reading,
      ),
    }),
    objectType: readObjectType,
    valueType: readValueType,
    entityIdSealed: (json, _kind, reading) => ({ entityIdSealed: readSealed(json, 'entityIdSealed', reading) }),
    entityTypeSealed: (json, _kind, reading) => ({
      entityTypeSealed: reading.terms.expand(readSealed(json, 'entityTypeSealed', reading)),
    }),
  }),
);

export function readDataset(json: Json, { where }: Reading): Fragment {
  return json === '@none' ? {} : { datasetId: readId(json, `the datasetId of ${where}`) };
}

function readText(
  json: Json,
  { member, isAllowed }: { member: string; isAllowed: boolean },
  { where, nulls }: Reading,
): string {
  if (!isAllowed) throw badData(`The ${where} cannot have a ${member}.`);
  if (json === null && nulls !== 'forbidden') return ngsildNull;
  if (json === ngsildNull && nulls === 'forbidden')
    throw badData(`The NGSI-LD Null is not allowed here: ${member} of ${where}.`);
  if (typeof json !== 'string' || json === '')
    throw badData(`The ${member} of ${where} must be a string, not ${quoted(json)}.`);
  return json;
}

function readObjectType(json: Json, kind: Kind | undefined, reading: Reading): Fragment {
  if (kind !== undefined && !mayHave(kind, 'objectType'))
    throw badData(`The ${reading.where} is no relationship and cannot have an objectType.`);
  if (isStrings(json) && json.length > 0)
    return { objectType: json.map((type) => reading.terms.expand(readTypeText(type, reading))) };
  const text = readText(json, { member: 'objectType', isAllowed: true }, reading);
  return { objectType: text === ngsildNull ? text : reading.terms.expand(text) };
}

function readTypeText(type: string, { where }: Reading): string {
  if (type === ngsildNull) throw badData(`The NGSI-LD Null cannot be an objectType of ${where}.`);
  return type;
}

function readValueType(json: Json, kind: Kind | undefined, reading: Reading): Fragment {
  const isAllowed = kind === undefined || mayHave(kind, 'valueType');
  const text = readText(json, { member: 'valueType', isAllowed }, reading);
  if (kind === 'LanguageProperty' && text !== ngsildNull && !/(?:^|[#:/])langString$/.test(text)) {
    throw badData(`The valueType of the LanguageProperty ${reading.where} must be langString, not ${quoted(json)}.`);
  }
  return { valueType: text === ngsildNull ? text : reading.terms.expand(text) };
}

/** Sealed members are allowed only in a proof (clause 5.2.36). */
function readSealed(json: Json, member: string, reading: Reading): string {
  if (!/(?:^|\.| )ngsildproof$/.test(reading.where))
    throw badData(`Only an ngsildproof can have ${member}, not ${reading.where}.`);
  return readText(json, { member, isAllowed: true }, reading);
}
