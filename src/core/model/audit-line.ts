/** Defines the lines of the audit: who did what to which data, when, from where, and by which grants. */
import { type Instant, instantOf, microsOfInstant, type Micros } from './instant.ts';
import { isObject, isStrings, type Json, type JsonObject } from './json.ts';

/** One operation on one entity or other resource, one request that reads, or what happened several times alike. */
export interface AuditLine {
  /** Unique. In the order of time: it begins with the time (`auditIdOf`). */
  readonly id: string;
  readonly tenant: string;
  /** The subject of the identity, such as `key:NAME`. */
  readonly principal: string;
  /** The address of the client. Absent: the request came over no network. */
  readonly address?: string;
  /** The name of the operation, such as `updateAttributes`. */
  readonly operation: string;
  /** `done`, or the type of the problem, such as `Forbidden`. */
  readonly result: string;
  /** The id of the entity. Absent: several entities, or none. */
  readonly entity?: string;
  /** Expanded types of the entity, or of the entities that were found. Absent: unknown, or no entity. */
  readonly types?: readonly string[];
  /** The id or name of what is not an entity, such as a subscription or a key. */
  readonly resource?: string;
  /** Ids of grants that allowed it; `administrator`, `writer` and `reader` stand for the roles that are there from the start. */
  readonly grants: readonly string[];
  /** How many times it happened in the minute before. Absent: once. */
  readonly count?: number;
  /** True when its number is limited: it read what is not marked as personal, or anybody could have caused it. */
  readonly isRead: boolean;
}

/** Digits of the time at the beginning of an id, in base 36: until the year 6144. */
const timeDigits = 11;

/** An id at this time. Ids at one time differ in `suffix`. */
export const auditIdOf = (micros: Micros, suffix: string): string =>
  `${micros.toString(36).padStart(timeDigits, '0')}${suffix}`;

/** The time in an id. */
export const auditTimeOf = (id: string): Instant => instantOf(Number.parseInt(id.slice(0, timeDigits), 36));

/** Smaller than all ids at this time or later, and greater than all earlier ones. Times before 1970 count as 1970. */
export const firstAuditIdAt = (instant: Instant): string => auditIdOf(Math.max(0, microsOfInstant(instant)), '');

/** Texts by which a line is found: one for each of its members that a query can name. */
export const auditTermsOf = ({ principal, entity, types = [], operation }: AuditLine): readonly string[] => [
  `principal ${principal}`,
  ...(entity === undefined ? [] : [`entity ${entity}`]),
  ...types.map((type) => `type ${type}`),
  `operation ${operation}`,
];

/** A line without what names a subject: `erased` stands for it. The same object when nothing does. */
export function redactAuditLine(line: AuditLine, isNamed: (text: string) => boolean): AuditLine {
  const { principal, entity, resource } = line;
  if (![principal, entity, resource].some((text) => text !== undefined && isNamed(text))) return line;
  const redacted = (text: string): string => (isNamed(text) ? 'erased' : text);
  return {
    ...line,
    principal: redacted(principal),
    ...(entity === undefined ? undefined : { entity: redacted(entity) }),
    ...(resource === undefined ? undefined : { resource: redacted(resource) }),
  };
}

/** A line as JSON, for stores. */
export const auditLineJson = ({ types, grants, ...line }: AuditLine): JsonObject => ({
  ...line,
  ...(types ? { types: [...types] } : undefined),
  grants: [...grants],
});

/** Reads what `auditLineJson` made. Undefined for anything else. */
export function auditLineIn(json: Json | undefined): AuditLine | undefined {
  if (json === undefined || !isObject(json)) return undefined;
  const { id, tenant, principal, operation, result, grants, isRead, types, count } = json;
  const texts = textsIn({ id, tenant, principal, operation, result });
  if (!texts || !isStrings(grants)) return undefined;
  return {
    ...texts,
    grants,
    isRead: isRead === true,
    ...(isStrings(types) ? { types } : undefined),
    ...textIn(json, 'address'),
    ...textIn(json, 'entity'),
    ...textIn(json, 'resource'),
    ...(typeof count === 'number' ? { count } : undefined),
  };
}

type Required = 'id' | 'tenant' | 'principal' | 'operation' | 'result';

const textsIn = (members: Readonly<Record<Required, Json | undefined>>): Record<Required, string> | undefined =>
  areTexts(members) ? members : undefined;

const areTexts = (members: Readonly<Record<Required, Json | undefined>>): members is Record<Required, string> =>
  Object.values(members).every((member) => typeof member === 'string');

const textIn = <Name extends string>(json: JsonObject, name: Name): { readonly [N in Name]?: string } | undefined => {
  const text = json[name];
  return typeof text === 'string' ? asMember(name, text) : undefined;
};

function asMember<Name extends string>(name: Name, text: string): { readonly [N in Name]?: string };
function asMember(name: string, text: string): object {
  return { [name]: text };
}
