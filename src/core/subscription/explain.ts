/**
 * Explains condition by condition what a subscription requires of an entity and of its last change. Each condition is tested as in
 * matching.
 */
import type { EntitySelector, Filter, Query, TypeSelection } from '../language/filter.ts';
import { compileFilter } from '../language/matches/matches.ts';
import { writeQ } from '../language/q/write-q.ts';
import type { Change } from '../model/change.ts';
import type { Entity, Terms } from '../model/entity.ts';
import { quoted } from '../model/read/id.ts';
import type { SubscriptionDocument } from '../model/subscription.ts';
import type { Clause } from '../port/subscriptions.ts';
import { type GetEntity, holdsLinked } from './linked.ts';
import { isTriggered } from './match.ts';
import type { SubscriptionPlan, Trigger } from './plan.ts';
import type { StoredPlan } from './read-stored.ts';

export interface ExplainContext {
  readonly document: SubscriptionDocument;
  readonly stored: StoredPlan;
  /** Compacts the names in the explanation. */
  readonly terms: Terms;
  /** Gets the entities that `q` reaches through relationships. */
  readonly get: GetEntity;
}

/** The conditions on an entity. All must be met. */
export async function explainEntity(entity: Entity, asking: ExplainContext): Promise<readonly Clause[]> {
  const { stored, document, terms } = asking;
  const { selectors, scopeQ, geo } = stored.plan.filter;
  const q = stored.linked ?? stored.plan.filter.q;
  const test = (clause: string, filter: Filter, rest: Pick<Clause, 'asks' | 'finds' | 'parts'>): Clause => ({
    clause,
    isMet: compileFilter(filter)(entity),
    ...rest,
  });
  const asksFor = (member: string): string => {
    const json = document.members[member];
    return typeof json === 'string' ? json : quoted(json);
  };
  return [
    ...(selectors ? [explainSelectors(selectors, entity, terms)] : []),
    ...(scopeQ
      ? [test('scopeQ', { scopeQ }, { asks: asksFor('scopeQ'), finds: `the scope is ${quoted(entity.scope)}` })]
      : []),
    ...(q ? [await explainQuery('q', q, { ...asking, entity })] : []),
    ...(geo
      ? [test('geoQ', { geo }, { asks: asksFor('geoQ'), ...found(valueIn(entity, geo.geoproperty, terms)) })]
      : []),
  ];
}

/** The condition on a change, without the entity. */
export function explainChange(change: Change, { stored: { plan }, terms }: ExplainContext): Clause {
  const { triggers, watched } = plan;
  const { watched: _watched, ...unwatched } = plan;
  const finds = eventsIn(change, terms);
  const asks = [...triggers].join(', ');
  const names = watched && [...watched].map((name) => terms.compact(name)).join(', ');
  const parts = [
    { clause: 'notificationTrigger', isMet: isTriggered(unwatched, change), asks },
    ...(names === undefined
      ? []
      : [
          {
            clause: 'watchedAttributes',
            isMet: isTriggered({ ...plan, triggers: anyOfAttributes }, change),
            asks: names,
          },
        ]),
  ];
  return {
    clause: 'change',
    isMet: isTriggered(plan, change),
    asks: names === undefined ? asks : `${asks}; watched: ${names}`,
    finds,
    parts,
  };
}

const anyOfAttributes: SubscriptionPlan['triggers'] = new Set<Trigger>([
  'attributeCreated',
  'attributeUpdated',
  'attributeDeleted',
]);

/** The events of a change, by attribute. */
function eventsIn({ event, attrs, scopeChanged }: Change, terms: Terms): string {
  const events = attrs.map(({ name, event: one, datasetId }) => {
    const place = datasetId === undefined ? '' : ` (${datasetId})`;
    return `${terms.compact(name)}${place} ${one === 'rewritten' ? 'written again as it was' : one}`;
  });
  return [`entity ${event}`, ...events, ...(scopeChanged ? ['scope changed'] : [])].join(', ');
}

function explainSelectors(selectors: readonly EntitySelector[], entity: Entity, terms: Terms): Clause {
  const parts = selectors.map((selector, index): Clause => {
    const own = partsOf(selector, entity, terms);
    return {
      clause: `entities[${index}]`,
      isMet: compileFilter({ selectors: [selector] })(entity),
      asks: own.map(({ clause, asks }) => `${clause} ${asks}`).join(', '),
      parts: own,
    };
  });
  return {
    clause: 'entities',
    isMet: compileFilter({ selectors })(entity),
    asks: parts.map(({ asks }) => asks).join(', or '),
    finds: `${entity.id}, type ${entity.types.map((type) => terms.compact(type)).join(', ')}`,
    parts,
  };
}

/** Where both are given, ids take precedence over the pattern (clause 5.2.8). */
function partsOf({ ids, idPattern, types }: EntitySelector, entity: Entity, terms: Terms): readonly Clause[] {
  const test = (clause: string, selector: EntitySelector, asks: string): Clause => ({
    clause,
    isMet: compileFilter({ selectors: [selector] })(entity),
    asks,
  });
  return [
    ...(types ? [test('type', { types }, writeTypes(types, terms))] : []),
    ...(ids ? [test('id', { ids }, ids.join(', '))] : []),
    ...(idPattern && !ids ? [test('idPattern', { idPattern }, idPattern.source)] : []),
  ];
}

function writeTypes(selection: TypeSelection, terms: Terms): string {
  if (selection.op === 'any') return '*';
  if (selection.op === 'type') return terms.compact(selection.type);
  const parts = selection.parts.map((part) => writeTypes(part, terms));
  return `(${parts.join(selection.op === 'and' ? ';' : '|')})`;
}

type EntityExplainContext = ExplainContext & { readonly entity: Entity };

/** The condition of a query, with one part for each of its terms. */
async function explainQuery(clause: string, query: Query, asked: EntityExplainContext): Promise<Clause> {
  const { entity, terms, get } = asked;
  const rest = { clause, isMet: await holdsLinked(query, entity, get), asks: writeQ(query, terms) };
  if (!('parts' in query)) return { ...rest, ...found(valueIn(entity, query.path.attr, terms)) };
  const parts = await Promise.all(query.parts.map((part, index) => explainQuery(`${clause}[${index}]`, part, asked)));
  const finds = parts.flatMap((part) => (part.isMet || part.finds === undefined ? [] : part.finds));
  return { ...rest, ...found(finds.length === 0 ? undefined : finds.join(', ')), parts };
}

/** The values of an attribute. Undefined for members of an entity that are not attributes. */
function valueIn({ attrs }: Entity, name: string, terms: Terms): string | undefined {
  if (!name.includes(':')) return undefined;
  const short = terms.compact(name);
  const instances = Object.hasOwn(attrs, name) ? attrs[name] : undefined;
  return instances
    ? `${short} is ${instances.map(({ value }) => quoted(value)).join(' and ')}`
    : `there is no ${short}`;
}

const found = (finds: string | undefined): Pick<Clause, 'finds'> => (finds === undefined ? {} : { finds });
