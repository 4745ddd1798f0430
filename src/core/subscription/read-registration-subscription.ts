/** Reads subscriptions to registrations (clauses 5.2.12, 5.11): which registrations they ask for. */
import type { EntitySelector, GeoQuery, Query, ScopeQuery, TemporalQuery } from '../language/filter.ts';
import { parseQ } from '../language/q/q.ts';
import { parseTemporal } from '../language/temporal-query.ts';
import { isObject, isStrings, type Json, type JsonObject } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { quoted } from '../model/read/id.ts';
import { inMember } from '../model/read/member.ts';
import type { SubscriptionDocument } from '../model/subscription.ts';
import type { Messenger } from '../port/messenger.ts';
import { everyChange } from './plan.ts';
import { readStored, type StoredContexts, type StoredPlan } from './read-stored.ts';

/** Which registrations a subscription asks for. Names are expanded. */
export interface RegistrationQuery {
  readonly selectors?: readonly EntitySelector[] | undefined;
  readonly attrs?: readonly string[] | undefined;
  readonly geo?: GeoQuery | undefined;
  readonly scopeQ?: ScopeQuery | undefined;
  /** Of the Context Source Properties. */
  readonly csf?: Query | undefined;
  readonly temporal?: TemporalQuery | undefined;
}

/** Reads a subscription to registrations. Throws what `readStored` throws. */
export function readRegistrationSubscription(
  document: SubscriptionDocument,
  contexts: StoredContexts,
  messenger: Messenger,
): { readonly stored: StoredPlan; readonly query: RegistrationQuery } {
  const { temporalQ, csf, ...members } = document.members;
  const { linked: _linked, ...stored } = readStored({ ...document, members: { ...members } }, contexts, messenger);
  const { selectors, geo, scopeQ, q } = stored.plan.filter;
  const conditions = [...(q ? [q] : []), ...readSourceFilter(csf, contexts)];
  return {
    stored: { ...stored, plan: everyChange(stored.plan) },
    query: {
      selectors,
      attrs: attributesOf(document.members),
      geo,
      scopeQ,
      csf: conditions.length === 0 ? undefined : { op: 'and', parts: conditions },
      temporal: temporalQ === undefined ? undefined : inMember('temporalQ', () => readTemporal(temporalQ)),
    },
  };
}

function readSourceFilter(csf: Json | undefined, { queryContext }: StoredContexts): readonly Query[] {
  if (csf === undefined) return [];
  if (typeof csf !== 'string') throw badData(`The csf of a subscription must be a text, not ${quoted(csf)}.`);
  return [inMember('csf', () => parseQ(csf, queryContext, { expandValues: [], jsonKeys: [], name: 'csf' }))];
}

/** The watched attributes and those of the notification. */
function attributesOf({ watchedAttributes, notification }: JsonObject): readonly string[] | undefined {
  const { attributes, pick } = isObject(notification) ? notification : {};
  const lists = [watchedAttributes, attributes, pick].flatMap((list) => (isStrings(list) ? list : []));
  const names = lists.filter((name) => name.includes(':'));
  return names.length === 0 ? undefined : [...new Set(names)];
}

function readTemporal(json: Json): TemporalQuery {
  const members = isObject(json) ? Object.entries(json) : [];
  const texts = members.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : []));
  if (members.length === 0 || texts.length < members.length)
    throw badData(
      `The temporalQ of a subscription must be an object of texts such as {"timerel": "after"}, not ${quoted(json)}.`,
    );
  return parseTemporal(Object.fromEntries(texts));
}
