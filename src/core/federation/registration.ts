/** Defines context source registrations (clause 5.2.9): as they are stored, and as the broker works with them. */
import type { Entity } from '../model/entity.ts';
import type { Geometry } from '../model/geometry.ts';
import { type Instant, type Interval, isInstant, type Micros, microsOfInstant } from '../model/instant.ts';
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { unreadable } from '../model/problem.ts';
import type { V2Source } from '../model/v2/source.ts';

/** How a source takes part in operations (clause 4.3.6). */
export const modes = ['inclusive', 'exclusive', 'redirect', 'auxiliary'] as const;
export type Mode = (typeof modes)[number];

/** True when the source alone has the information: the broker stores none of it (clause 4.3.6.1). */
export const isProxied = ({ mode }: Pick<Registration, 'mode'>): boolean => mode === 'exclusive' || mode === 'redirect';

/** Members that brokers write and ignore in requests. */
export const registrationOutputs: readonly string[] = [
  ...['status', 'timesSent', 'timesFailed', 'lastSuccess', 'lastFailure'],
  ...['createdAt', 'modifiedAt', 'deletedAt'],
];

/** A stored registration. */
export interface RegistrationDocument {
  readonly id: string;
  /** The members that the client gave, without `id`, `type` and `@context`. Names of types and attributes are expanded. */
  readonly members: JsonObject;
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
}

/** Entities for which a source has information (clause 5.2.11). */
export interface EntityInfo {
  /** Expanded. Empty: any type. */
  readonly types: readonly string[];
  /** With an id, the pattern is ignored. */
  readonly id?: string;
  readonly idPattern?: string;
  /** The compiled pattern. */
  readonly matches?: (id: string) => boolean;
}

/** Information that a source has: these attributes of these entities (clause 5.2.10). */
export interface Information {
  /** Absent: any entity. */
  readonly entities?: readonly EntityInfo[];
  /** Expanded names of properties and relationships together. Absent: any attribute. */
  readonly attrs?: readonly string[];
}

/** How a source is to be asked (clause 5.2.34). */
export interface SourceHandling {
  readonly timeoutMs?: number;
  /** The source is not asked for this time after a failure. */
  readonly cooldownMs?: number;
  /** For this time an answer of the source may be used again. */
  readonly cacheMs?: number;
  /** The source is asked with `local=true`. */
  readonly isLocalOnly: boolean;
}

/** The pairs of `contextSourceInfo` (clause 5.2.22): those with a meaning of their own, and those that become headers. */
export interface SourceInfo {
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The URL of the @context in which the source is asked. */
  readonly jsonldContext?: string;
  readonly contentType?: string;
  readonly accept?: string;
  /** Of a source that is asked by NGSI v2. */
  readonly v2?: V2Source;
}

/** The value in `contextSourceInfo` that stands for the header of the same name of each request (clause 5.2.22). */
export const requestedHeader = 'urn:ngsi-ld:request';

/** True for a header by which a caller proves who it is. It is never copied to a source. */
export const isCredential = (header: string): boolean =>
  /^(?:authorization|x-auth-token|cookie|proxy-.*)$/i.test(header);

/** The GeoJSON members of a registration. */
export const spaces = ['location', 'observationSpace', 'operationSpace'] as const;

/** A registration, ready to be matched with requests. Names are expanded. */
export interface Registration {
  readonly document: RegistrationDocument;
  readonly id: string;
  readonly mode: Mode;
  /** Operations that the source offers, groups resolved. */
  readonly operations: ReadonlySet<string>;
  readonly information: readonly Information[];
  /** The URI below which the source has `/ngsi-ld/v1`, without a slash at the end. */
  readonly endpoint: string;
  /** The tenant at the source. Absent: its default tenant. */
  readonly tenant?: string;
  /** The name of the source among brokers: the source is not asked when the request has already passed it. */
  readonly alias?: string;
  readonly expires?: Micros;
  readonly datasetIds?: readonly string[];
  readonly scopes?: readonly string[];
  readonly observationInterval?: Interval;
  readonly managementInterval?: Interval;
  readonly spaces: Readonly<Partial<Record<(typeof spaces)[number], Geometry>>>;
  readonly handling: SourceHandling;
  readonly info: SourceInfo;
  /** The members with a single value and the Context Source Properties, as an entity that `csf` and `q` test. */
  readonly described: Entity;
}

export const isExpired = ({ expires }: Pick<Registration, 'expires'>, now: Instant): boolean =>
  expires !== undefined && expires <= microsOfInstant(now);

/** True when the registration is about information of an interval: such ones match temporal requests only, others match others. */
export const isTemporal = ({ observationInterval, managementInterval }: Registration): boolean =>
  observationInterval !== undefined || managementInterval !== undefined;

/** The document as JSON, for a collection. */
export const registrationJson = ({ id, members, createdAt, modifiedAt }: RegistrationDocument): Json => ({
  id,
  members,
  createdAt,
  modifiedAt,
});

/** The document stored in a collection. Throws ResourceNotFound when it is not a registration. */
export function registrationIn(json: Json): RegistrationDocument {
  const { id, members, createdAt, modifiedAt } = isObject(json) ? json : {};
  if (typeof id !== 'string' || !isInstant(createdAt) || !isInstant(modifiedAt) || !isObject(members))
    throw unreadable('A context source registration');
  return { id, members, createdAt, modifiedAt };
}

/** The collection of registrations, by id. */
export const registrationCollection = 'registrations';
