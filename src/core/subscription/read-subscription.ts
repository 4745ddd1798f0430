/** Parses an NGSI-LD Subscription without an endpoint: its notifications go to the client that sent it (clause 5.2.12). */
import type { Context } from '../jsonld/context.ts';
import type { EntitySelector, Filter } from '../language/filter.ts';
import { readGeoQ } from '../language/geo/geo-query.ts';
import { compileFilter } from '../language/matches/matches.ts';
import { refuseManyPatterns } from '../language/pattern/pattern.ts';
import { parseQ } from '../language/q/q.ts';
import { parseScopeQ } from '../language/scope-query.ts';
import { parseTypeSelection } from '../language/type-selection.ts';
import type { Terms } from '../model/entity.ts';
import { type Instant, microsOfInstant } from '../model/instant.ts';
import { isObject, isStrings, type Json, type JsonObject, stringsOf } from '../model/json.ts';
import { badData, Problem } from '../model/problem.ts';
import { quoted, readId } from '../model/read/id.ts';
import { inMember } from '../model/read/member.ts';
import { readAttributeName } from '../model/read/name.ts';
import { readTime } from '../model/read/time.ts';
import { subscriptionOutputs, withPresentNames } from '../model/subscription.ts';
import {
  type Members,
  readBoolean,
  readNames,
  readNonEmpty,
  readText,
  refuseMembers,
} from '../model/read/json-member.ts';
import { type SubscriptionPlan, type Trigger, triggers } from './plan.ts';
import { readChangeView } from './read-view.ts';

/** What the members of a subscription are parsed with. */
export interface SubscriptionReading {
  /** The @context of names in the subscription. */
  readonly context: Context;
  /** The @context of names in its notifications. Absent: the same. */
  readonly notified?: Context;
  readonly now: Instant;
  /** The most relationships that projections in the notification may follow. Absent: none. */
  readonly depthMax?: number;
}

const members: Members = {
  known: [
    ...subscriptionOutputs,
    'id type subscriptionName description entities watchedAttributes notificationTrigger q geoQ scopeQ lang datasetId',
    'expandValues jsonKeys isActive expiresAt jsonldContext localOnly ngsildConformance notification @context',
  ].flatMap((names) => names.split(' ')),
  unsupported: {
    timeInterval: 'notifications at intervals are not sent here',
    throttling: 'ask for "overflow": "latest" to be spared what you cannot keep up with',
    csf: 'context sources are not subscribed to',
    temporalQ: 'it belongs to subscriptions to context sources',
    splitEntities: 'entities are not split here',
  },
};

/**
 * The plan of a subscription. Throws BadRequestData that names the faulty member, OperationNotSupported for a member of the standard that
 * this broker does not support, and what the parsers of query languages throw.
 */
export function readSubscription(
  given: Json,
  { context, notified = context, now, depthMax = 0 }: SubscriptionReading,
): SubscriptionPlan {
  if (!isObject(given)) throw badData(`A subscription must be a JSON object, not ${quoted(given)}.`);
  const json = withPresentNames(given);
  refuseMembers(json, members, 'a subscription');
  if (json['type'] !== 'Subscription')
    throw badData(`The type of a subscription must be "Subscription", not ${quoted(json['type'])}.`);
  checkPlainMembers(json);
  const watched = readWatched(json, context);
  const filter = readFilter(json, context);
  refuseUnbounded(json, filter, watched);
  const { asked, isOnUpdates } = readTriggers(json['notificationTrigger']);
  const expiresAt = readExpiry(json['expiresAt'], now);
  return {
    ...(json['id'] === undefined ? undefined : { id: readId(json['id'], 'the id of the subscription') }),
    filter,
    ...(watched ? { watched } : undefined),
    triggers: asked,
    isOnScope: isOnUpdates && !watched,
    ...(expiresAt === undefined ? undefined : { expiresAt }),
    changeView: readChangeView(json, { context: notified, asked, watched, depthMax }),
  };
}

/** A subscription to all entities is allowed only with `localOnly`. */
function refuseUnbounded(
  { localOnly }: JsonObject,
  { selectors }: Filter,
  watched: ReadonlySet<string> | undefined,
): void {
  if (!selectors && !watched && localOnly !== true)
    throw badData('A subscription needs entities or watchedAttributes.');
}

function checkPlainMembers(json: JsonObject): void {
  for (const name of ['subscriptionName', 'description', 'jsonldContext']) readText(json, name);
  readBoolean(json, 'localOnly');
  if (readBoolean(json, 'isActive') === false) {
    throw new Problem(
      'OperationNotSupported',
      'A subscription with isActive false would never notify; subscribe when it shall.',
    );
  }
}

function readWatched(json: JsonObject, terms: Terms): ReadonlySet<string> | undefined {
  const names = readNames(json, 'watchedAttributes');
  return names && inMember('watchedAttributes', () => new Set(names.map((name) => readAttributeName(name, terms))));
}

function readFilter(json: JsonObject, terms: Terms): Filter {
  const entities = readNonEmpty(json, 'entities');
  const q = readText(json, 'q');
  const scopeQ = readText(json, 'scopeQ');
  const options = { expandValues: readList(json, 'expandValues'), jsonKeys: readList(json, 'jsonKeys') };
  const filter: Filter = {
    ...(entities ? { selectors: inMember('entities', () => readSelectors(entities, terms)) } : undefined),
    ...(q === undefined ? undefined : { q: inMember('q', () => parseQ(q, terms, options)) }),
    ...(json['geoQ'] === undefined
      ? undefined
      : { geo: inMember('geoQ', () => readGeoQ(json['geoQ'] ?? null, terms)) }),
    ...(scopeQ === undefined ? undefined : { scopeQ: inMember('scopeQ', () => parseScopeQ(scopeQ)) }),
  };
  // Rejects filters that cannot be evaluated (a path through a relationship) now, not at the first change.
  compileFilter(filter);
  return filter;
}

function readSelectors(entities: readonly Json[], terms: Terms): readonly EntitySelector[] {
  const selectors = entities.map((one, n) => readSelector(one, `entities[${n}]`, terms));
  refuseManyPatterns(selectors.flatMap(({ idPattern }) => (idPattern ? [idPattern.source] : [])));
  return selectors;
}

const selectorMembers: Members = { known: ['id', 'idPattern', 'type'], unsupported: {} };

function readSelector(json: Json, where: string, terms: Terms): EntitySelector {
  if (!isObject(json))
    throw badData(`The ${where} of a subscription must be an object such as {"type": "Vehicle"}, not ${quoted(json)}.`);
  refuseMembers(json, selectorMembers, where);
  const type = readText(json, 'type');
  const idPattern = readText(json, 'idPattern');
  const ids = readIds(json['id'], where);
  if (type === undefined && idPattern === undefined && !ids)
    throw badData(`The ${where} of a subscription needs a type, an id or an idPattern; the type "*" is any.`);
  return {
    ...(ids ? { ids } : undefined),
    ...(idPattern === undefined ? undefined : { idPattern: { source: idPattern } }),
    ...(type === undefined ? undefined : { types: parseTypeSelection(type, terms) }),
  };
}

function readIds(json: Json | undefined, where: string): readonly string[] | undefined {
  if (json === undefined) return undefined;
  const isUsable = typeof json === 'string' || (isStrings(json) && json.length > 0);
  if (!isUsable)
    throw badData(`The id in ${where} of a subscription must be a URI or an array of URIs, not ${quoted(json)}.`);
  return stringsOf(json).map((id) => readId(id, `the id in ${where}`));
}

/** The elements of a comma-separated list. */
export const readList = (json: JsonObject, name: string): readonly string[] =>
  readText(json, name)
    ?.split(',')
    .map((element) => element.trim()) ?? [];

const usual: readonly Trigger[] = ['attributeCreated', 'attributeUpdated'];
const updates: readonly Trigger[] = ['attributeCreated', 'attributeUpdated', 'attributeDeleted'];

function readTriggers(json: Json | undefined): { readonly asked: ReadonlySet<Trigger>; readonly isOnUpdates: boolean } {
  if (json === undefined) return { asked: new Set(usual), isOnUpdates: false };
  if (!isStrings(json) || json.length === 0)
    throw badData(`The notificationTrigger must be an array of triggers, not ${quoted(json)}.`);
  const asked = json.flatMap((name) => {
    const trigger = triggers.find((one) => one === name);
    if (trigger === undefined && name !== 'entityUpdated') {
      throw badData(`The notificationTrigger may hold entityUpdated, ${triggers.join(', ')}, not ${quoted(name)}.`);
    }
    return trigger ?? updates;
  });
  return { asked: new Set(asked), isOnUpdates: json.includes('entityUpdated') };
}

function readExpiry(json: Json | undefined, now: Instant): Instant | undefined {
  if (json === undefined) return undefined;
  const expiresAt = readTime(json, 'expiresAt', { where: 'the subscription', nulls: 'forbidden' });
  if (microsOfInstant(expiresAt) <= microsOfInstant(now))
    throw badData(`The expiresAt of the subscription is in the past: ${quoted(json)}.`);
  return expiresAt;
}
