/** Tells the kind of an attribute from its text, normalized or concise (CIM 009 clauses 4.5.2, 4.5.3, Annex C.2.2). */
import { type Kind, kinds, valueMember } from '../attribute.ts';
import { looksLikeGeometry } from '../geometry.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { badData } from '../problem.ts';
import { quoted } from './id.ts';

/** An instance whose kind is known: its value and the object that holds its other members. */
export interface Told {
  /** Absent in a fragment that does not tell. */
  readonly kind?: Kind;
  /** Absent in a fragment that has none. */
  readonly json?: Json;
  readonly members: JsonObject;
}

/** Kinds that their value member tells; those with a `value` are told apart by its content. */
const telling = kinds.filter((kind) => valueMember[kind] !== 'value');

const isKind = (text: Json | undefined): text is Kind => kinds.some((kind) => kind === text);

/** True for an object that cannot be anything but an attribute instance: it has a kind, or a value member. */
export const isInstance = (json: Json): json is JsonObject =>
  isObject(json) &&
  (isKind(json['type'] ?? json['@type']) || Object.values(valueMember).some((member) => member in json));

/** Members that only fragments without a value may consist of. */
const metadata = ['observedAt', 'unitCode', 'datasetId', 'expiresAt', 'objectType', 'valueType'] as const;

/**
 * Kind and value in any form. `isPart`: the text may be a fragment without kind and value; otherwise an object that says
 * neither is the value of a Property.
 */
export function tell(json: Json, { where, isPart }: { where: string; isPart: boolean }): Told {
  if (!isObject(json)) return bare('Property', json);
  const type = json['type'] ?? json['@type'];
  if (isKind(type)) return told(type, json);
  if (looksLikeGeometry(json)) return bare('GeoProperty', json);
  if ('@value' in json) return bare('Property', json);
  if (type !== undefined) throw badData(`The type of ${where} must be ${kinds.join(', ')}, not ${quoted(type)}.`);
  return tellByMember(json, isPart);
}

/** An object without a type: its value member tells, or it is a value itself. */
function tellByMember(json: JsonObject, isPart: boolean): Told {
  const { value } = json;
  if (value !== undefined) return told(looksLikeGeometry(value) ? 'GeoProperty' : 'Property', json);
  const found = telling.find((kind) => valueMember[kind] in json);
  if (found) return told(found, json);
  return isPart || metadata.some((member) => member in json) ? { members: json } : bare('Property', json);
}

const bare = (kind: Kind, json: Json): Told => ({ kind, json, members: {} });

function told(kind: Kind, members: JsonObject): Told {
  const json = members[valueMember[kind]];
  return { kind, ...(json === undefined ? undefined : { json }), members };
}
