/** Reads snapshots from requests: new ones, clones and patches (clauses 5.2.41, 5.16.1 to 5.16.4). */
import { isZero, later, parseDuration } from '../../language/duration.ts';
import type { Filter, TemporalQuery } from '../../language/filter.ts';
import type { Projection } from '../../language/projection.ts';
import { parseTemporal } from '../../language/temporal-query.ts';
import { ngsildNull } from '../../model/attribute.ts';
import { hourMicros, type Instant, microsOfInstant, stampOfMicros } from '../../model/instant.ts';
import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import { badData } from '../../model/problem.ts';
import { isUri, quoted, readId } from '../../model/read/id.ts';
import { readNonEmpty, readText, refuseMembers } from '../../model/read/json-member.ts';
import { inMember } from '../../model/read/member.ts';
import { readReceiverInfo } from '../../model/read/receiver-info.ts';
import { maskUri } from '../../model/secret.ts';
import type { CallContext } from '../operation.ts';
import { readDatasetIds } from '../parameters.ts';
import { readQueryBody } from '../query-body.ts';
import { readFilter, readProjection, selectingFor } from '../selection.ts';

type Params = Readonly<Record<string, string>>;

/** One query of a snapshot. */
export interface SnapshotQuery {
  readonly filter: Filter;
  readonly projection: Projection;
  readonly params: Params;
  readonly datasetIds: readonly string[] | undefined;
}

/** What a new snapshot copies. */
export interface SnapshotQueries {
  readonly present: readonly SnapshotQuery[];
  readonly temporal: readonly (SnapshotQuery & { readonly temporal: TemporalQuery })[];
}

/** Most queries of one snapshot. */
const queriesMax = 100;

const settings = ['snapshotLifetime', 'snapshotPriority', 'endpoint', 'receiverInfo'];

/** The members of a snapshot that a client gives, except for `id` and `type`. Throws BadRequestData that names the faulty one. */
export function readSettings(body: JsonObject, more: readonly string[], call: CallContext): JsonObject {
  const { id: _id, type, ...members } = body;
  if (type !== 'Snapshot') throw badData(`The type of a snapshot must be "Snapshot", not ${quoted(type)}.`);
  refuseMembers(members, { known: [...settings, ...more], unsupported: {} }, 'a snapshot');
  readLifetime(members);
  const { snapshotPriority } = members;
  if (snapshotPriority !== undefined && !isPriority(snapshotPriority))
    throw badData(`The snapshotPriority must be a whole number from 1 to 10, not ${quoted(snapshotPriority)}.`);
  readEndpoint(members, call);
  return members;
}

const isPriority = (json: Json): boolean =>
  typeof json === 'number' && Number.isInteger(json) && json >= 1 && json <= 10;

/** Throws BadRequestData for an endpoint that cannot be notified. */
function readEndpoint(members: JsonObject, { services: { messenger } }: CallContext): void {
  readReceiverInfo(members);
  const endpoint = readText(members, 'endpoint');
  if (endpoint === undefined) return;
  if (!isUri(endpoint)) throw badData(`The endpoint must be a URI, not ${quoted(maskUri(endpoint))}.`);
  const scheme = endpoint.slice(0, endpoint.indexOf(':')).toLowerCase();
  const objection = messenger.schemes.includes(scheme)
    ? messenger.objection(endpoint)
    : `this broker sends notifications by ${messenger.schemes.join(', ')}`;
  if (objection !== undefined)
    throw badData(`The endpoint ${quoted(maskUri(endpoint))} cannot be notified: ${objection}.`);
}

/** The settings after a patch. A null removes one. */
export function patchedSettings(before: JsonObject, patch: JsonObject, call: CallContext): JsonObject {
  const { id: _id, type: _type, ...changes } = patch;
  if (Object.keys(changes).length === 0) throw badData('The body says nothing that could be changed.');
  refuseMembers(changes, { known: settings, unsupported: {} }, 'the update of a snapshot');
  const isNull = (json: Json | undefined): boolean => json === null || json === ngsildNull;
  const given = Object.fromEntries(Object.entries(changes).filter(([, json]) => !isNull(json)));
  readSettings({ ...given, type: 'Snapshot' }, [], call);
  const kept = Object.entries(before).filter(([name]) => !isNull(changes[name]));
  return { ...Object.fromEntries(kept), ...given };
}

/** The lifetime of a snapshot without `snapshotLifetime`. */
const usualHours = 24;

function readLifetime({ snapshotLifetime }: JsonObject): ReturnType<typeof parseDuration> {
  if (snapshotLifetime === undefined) return undefined;
  const duration = typeof snapshotLifetime === 'string' ? parseDuration(snapshotLifetime) : undefined;
  if (duration && !isZero(duration)) return duration;
  throw badData(`The snapshotLifetime must be a duration such as PT8H, not ${quoted(snapshotLifetime)}.`);
}

/** When a snapshot with these members ends. The lifetime is a wish: it is at most `snapshotHoursMax`. */
export function expiryOf(members: JsonObject, now: Instant, { services: { limits } }: CallContext): Instant {
  const start = microsOfInstant(now);
  const lifetime = readLifetime(members) ?? { months: 0, days: 0, micros: usualHours * hourMicros };
  return stampOfMicros(Math.min(later(start, lifetime, 1), start + limits.snapshotHoursMax * hourMicros));
}

/** The id of a new snapshot. */
export const newId = (json: Json | undefined, { services }: CallContext): string =>
  json === undefined ? services.ids.next('Snapshot') : readId(json, 'the id of the snapshot');

/** The queries of a new snapshot. Throws BadRequestData. */
export function readQueries(members: JsonObject, call: CallContext): SnapshotQueries {
  const [present = [], temporal = []] = ['snapshotQueries', 'snapshotTemporalQueries'].map((name) =>
    readNonEmpty(members, name),
  );
  if (present.length + temporal.length === 0)
    throw badData('A snapshot needs snapshotQueries or snapshotTemporalQueries.');
  if (present.length + temporal.length > queriesMax) throw badData(`A snapshot has at most ${queriesMax} queries.`);
  return {
    present: present.map((json, n) => inMember(`snapshotQueries[${n}]`, () => readPresent(json, call))),
    temporal: temporal.map((json, n) => inMember(`snapshotTemporalQueries[${n}]`, () => readTemporal(json, call))),
  };
}

function readPresent(json: Json, call: CallContext): SnapshotQuery {
  if (isObject(json) && json['temporalQ'] !== undefined)
    throw badData('A query with temporalQ belongs into snapshotTemporalQueries.');
  return readQuery(json, 'present', call);
}

function readTemporal(json: Json, call: CallContext): SnapshotQuery & { readonly temporal: TemporalQuery } {
  if (isObject(json) && json['temporalQ'] === undefined) throw badData('A temporal query needs temporalQ.');
  const query = readQuery(json, 'temporal', call);
  return { ...query, temporal: parseTemporal(query.params) };
}

function readQuery(json: Json, about: 'present' | 'temporal', call: CallContext): SnapshotQuery {
  const { selectors, params } = readQueryBody(json, call, about);
  return {
    filter: readFilter(params, selectingFor(call), selectors),
    projection: readProjection(params, call.context),
    datasetIds: readDatasetIds(params),
    params,
  };
}
