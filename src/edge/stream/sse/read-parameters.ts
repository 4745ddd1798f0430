/** Reads the request parameters of an event stream: a subscription and a start position. */
import type { Json, JsonObject } from '../../../core/model/json.ts';
import { badData, Problem } from '../../../core/model/problem.ts';
import { quoted } from '../../../core/model/read/id.ts';
import type { OperationRequest } from '../../../core/operation/operation.ts';
import { readBoolean, readList, readWhole } from '../../../core/operation/parameters.ts';
import type { SubscribeStart } from '../start.ts';

type Params = OperationRequest['params'];

/** Parameters for the start position, for the handling of a slow client, and for one that cannot send headers. */
export const streamParameters = ['after', 'snapshot', 'tail', 'overflow', 'ticket'] as const;

/** Parameters of a subscription that is not stored: the query parameters that are meaningful for changes. */
export const subscriptionParameters = [
  ...['id', 'idPattern', 'type', 'attrs', 'q', 'expandValues', 'jsonKeys', 'scopeQ'],
  ...['georel', 'geometry', 'coordinates', 'geoproperty'],
  ...['pick', 'omit', 'format', 'lang', 'datasetId', 'sysAttrs', 'showChanges', 'notificationTrigger'],
] as const;

/** Reads the start position. The Last-Event-ID of a reconnecting client overrides the URL. Throws InvalidRequest. */
export function readStart({ params, lastEventId }: OperationRequest): SubscribeStart {
  const { after } = params;
  const isSnapshot = readBoolean(params, 'snapshot') ?? false;
  const changes = readWhole(params, 'tail', 0);
  const given = [after !== undefined, isSnapshot, changes !== undefined].filter(Boolean);
  if (given.length > 1) throw new Problem('InvalidRequest', 'Of after, snapshot and tail only one may be given.');
  const position = lastEventId ?? after;
  if (position !== undefined) return { from: 'position', after: position };
  if (changes !== undefined) return { from: 'tail', changes };
  return { from: isSnapshot ? 'snapshot' : 'now' };
}

export function readOverflow({ params: { overflow = 'disconnect' } }: OperationRequest): 'disconnect' | 'latest' {
  if (overflow === 'disconnect' || overflow === 'latest') return overflow;
  throw badData(`The parameter overflow may be disconnect or latest, not ${quoted(overflow)}.`);
}

/** Builds the subscription from the parameters. `attrs` are both watched and included in notifications. */
export function subscriptionOf(params: Params): JsonObject {
  const attrs = readList(params, 'attrs');
  return {
    type: 'Subscription',
    ...given({
      ...pickOf(params, ['q', 'scopeQ', 'expandValues', 'jsonKeys', 'lang']),
      entities: entitiesOf(params),
      watchedAttributes: attrs,
      geoQ: some(pickOf(params, ['georel', 'geometry', 'coordinates', 'geoproperty'])),
      datasetId: readList(params, 'datasetId'),
      notificationTrigger: readList(params, 'notificationTrigger'),
    }),
    notification: given({
      ...pickOf(params, ['format']),
      attributes: attrs,
      pick: readList(params, 'pick'),
      omit: readList(params, 'omit'),
      sysAttrs: readBoolean(params, 'sysAttrs'),
      showChanges: readBoolean(params, 'showChanges'),
    }),
  };
}

type Loose = Readonly<Record<string, Json | undefined>>;

const given = (members: Loose): JsonObject =>
  Object.fromEntries(Object.entries(members).flatMap(([name, json]) => (json === undefined ? [] : [[name, json]])));

const pickOf = (params: Params, names: readonly string[]): JsonObject =>
  given(Object.fromEntries(names.map((name) => [name, params[name]])));

const some = (json: JsonObject): JsonObject | undefined => (Object.keys(json).length === 0 ? undefined : json);

function entitiesOf(params: Params): readonly JsonObject[] | undefined {
  const { type, idPattern } = params;
  const id = readList(params, 'id');
  if (type === undefined && idPattern === undefined && id === undefined) return undefined;
  return [given({ id, idPattern, type: type ?? '*' })];
}
