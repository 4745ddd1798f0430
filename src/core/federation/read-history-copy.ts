/** Reads the histories that a source answered with, in normalized temporal form with system attributes (clauses 4.5.6, 4.8). */
import type { Fragment } from '../model/attribute.ts';
import type { Terms } from '../model/entity.ts';
import { type EntityHistory, type HistoricInstance, scopeSeries } from '../model/history.ts';
import { type Instant, microsOf } from '../model/instant.ts';
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { readHistory } from '../model/read/entity.ts';

/** The history of a JSON object. A time that the source does not say is `now`. Throws BadRequestData. */
export function readHistoryCopy(json: Json, terms: Terms, now: Instant): EntityHistory {
  if (!isObject(json)) throw badData('A history must be an object.');
  const { id, types = [], attrs, scopes } = readHistory(json, terms);
  const members = new Map(Object.entries(json).map(([name, member]) => [terms.expand(name), member]));
  const series = Object.entries(attrs).map(
    ([name, fragments]) => [name, instancesOf(fragments, members.get(name), now)] as const,
  );
  const ofScope = scopes.length > 0 ? [[scopeSeries, instancesOf(scopes, json['scope'], now)] as const] : [];
  const all = Object.fromEntries<readonly HistoricInstance[]>([...series, ...ofScope]);
  return { id, types, attrs: all, truncated: false };
}

/** Each fragment with the members of its JSON that requests do not have. */
const instancesOf = (
  fragments: readonly Fragment[],
  json: Json | undefined,
  now: Instant,
): readonly HistoricInstance[] =>
  fragments.flatMap((fragment, n) => {
    const one = isArray(json) ? json[n] : json;
    return instanceOf(fragment, isObject(one) ? one : {}, now);
  });

function instanceOf(fragment: Fragment, json: JsonObject, now: Instant): readonly HistoricInstance[] {
  const { kind, value, attrs, isInferred: _isInferred, undecided: _undecided, ...metadata } = fragment;
  if (kind === undefined || value === undefined) return [];
  const { instanceId } = json;
  const inner = Object.entries(attrs ?? {}).map(
    ([name, list]) => [name, list.flatMap((one) => instanceOf(one, {}, now))] as const,
  );
  return [
    {
      ...metadata,
      kind,
      value,
      ...stampsIn(json, metadata.observedAt ?? now),
      instanceId: typeof instanceId === 'string' ? instanceId : '',
      ...(attrs ? { attrs: Object.fromEntries<readonly HistoricInstance[]>(inner) } : undefined),
    },
  ];
}

function stampsIn(
  json: JsonObject,
  otherwise: Instant,
): Pick<HistoricInstance, 'createdAt' | 'modifiedAt' | 'deletedAt'> {
  const createdAt = timeIn(json, 'createdAt') ?? timeIn(json, 'modifiedAt') ?? otherwise;
  const deletedAt = timeIn(json, 'deletedAt');
  return {
    createdAt,
    modifiedAt: timeIn(json, 'modifiedAt') ?? createdAt,
    ...(deletedAt === undefined ? undefined : { deletedAt }),
  };
}

function timeIn(json: JsonObject, name: string): Instant | undefined {
  const time = json[name];
  return typeof time === 'string' && microsOf(time) !== undefined ? time : undefined;
}
