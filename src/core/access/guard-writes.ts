/** Restricts the writes of a store to a decision. Every write of a batch is decided by itself. */
import type { Filter } from '../language/filter.ts';
import type { Write } from '../language/write.ts';
import type { Entity } from '../model/entity.ts';
import type { Instant } from '../model/instant.ts';
import { mutate } from '../model/mutate.ts';
import type { Mutation, Outcome } from '../model/mutation.ts';
import type { PastInstance, Revised, Revision, Store } from '../port/store.ts';
import type { Decision, PartialDecision } from './decision.ts';
import { grantsToChange } from './change-of-rules.ts';
import { filterOf } from './granted-filter.ts';
import type { Grant } from './grant.ts';
import { closed, forbidden, giveAccessTo, guardStore, idsOf } from './guard.ts';
import { touchedBy, touchedOfAny } from './touched.ts';

/** What an operation that changes entities may do. */
export interface WriteRights {
  /** What it may change. */
  readonly act: Decision;
  /** What its caller may read. A refused write to an entity that is neither is answered as if the entity did not exist. */
  readonly read: Decision;
  /** Called before each change with the ids of the grants that cover the entity, and its types as far as they are known. */
  readonly onCovered?:
    | ((id: string, grants: readonly string[], types: readonly string[] | undefined) => void)
    | undefined;
}

/**
 * The store restricted for an operation that changes entities. What it finds by a query must be readable too, because the result of the
 * operation tells what was found. Throws Forbidden when nothing may be changed.
 */
export function guardWrites(store: Store, { act, read, onCovered }: WriteRights): Store {
  if (act.extent === 'full') return store;
  const seen = guardStore(store, act);
  if (act.extent === 'none') return seen;
  const found = (): Store => guardStore(seen, read);
  const guard = { store, act, read, onCovered };
  return {
    ...closed,
    ...seen,
    find: async (plan) => found().find(plan),
    count: async (plan) => found().count(plan),
    summary: closed.sweep,
    apply: (writes, at) => applyPermitted(guard, writes, at),
    record: (instances, at) => recordPermitted(guard, instances, at),
    revise: (revision, at) => revisePermitted(guard, revision, at),
  };
}

interface Guard {
  readonly store: Store;
  readonly act: PartialDecision;
  readonly read: Decision;
  readonly onCovered: WriteRights['onCovered'];
}

/** The outcomes in the order of the writes. A write that is not permitted is refused, and the others are applied. */
async function applyPermitted(guard: Guard, writes: readonly Write[], at: Instant): Promise<readonly Outcome[]> {
  const { store } = guard;
  const soon = await applyUnderKnown(guard, writes, at);
  if (soon) return soon;
  /** The entities that the earlier writes of the batch leave. */
  const pending = new Map<string, Entity | undefined>();
  const permitted: (Write | Outcome)[] = [];
  for (const write of writes) {
    const { id } = write.mutation;
    const current = pending.has(id) ? pending.get(id) : (await store.get(id, at))?.entity();
    const states = { current, next: entityAfter(current, write.mutation, at), at };
    const one = permit(guard, write, states);
    permitted.push(one);
    if (isWrite(one)) pending.set(id, states.next);
  }
  const applied = [...(await store.apply(permitted.filter(isWrite), at))];
  return permitted.flatMap((one) => (isWrite(one) ? (applied.shift() ?? []) : one));
}

/** Most entities of which the grants are kept for a decision. */
const knownMax = 10_000;

/** Grants without `q` that covered an entity when it was decided on last, by its id. The entity may have changed since. */
const known = new WeakMap<PartialDecision, Map<string, readonly Grant[]>>();

function keepKnown(act: PartialDecision, id: string, covering: readonly Grant[]): void {
  const ofDecision = known.get(act) ?? new Map<string, readonly Grant[]>();
  known.set(act, ofDecision);
  if (ofDecision.size >= knownMax) ofDecision.clear();
  ofDecision.set(
    id,
    covering.filter(({ q }) => q === undefined),
  );
}

/**
 * Applies a single write under the condition that a grant which covered the entity before still does. The store checks it in the step of
 * the write, so the entity need not be read for it. A grant without `q` that covers the entity also covers what the write leaves, since
 * types, scope and id stay. Undefined: nothing was applied, and the grants must be decided on.
 */
async function applyUnderKnown(
  { store, act, onCovered }: Guard,
  [write, ...others]: readonly Write[],
  at: Instant,
): Promise<readonly Outcome[] | undefined> {
  const grant = write && others.length === 0 ? knownGrant(act, write.mutation) : undefined;
  if (!write || !grant) return undefined;
  const outcomes = await store.apply([underCondition(write, filterOf(grant))], at);
  if (outcomes[0]?.status === 'refused') return undefined;
  onCovered?.(write.mutation.id, idsOf([grant]), undefined);
  return outcomes;
}

function knownGrant(act: PartialDecision, mutation: Mutation): Grant | undefined {
  const covered = known.get(act)?.get(mutation.id);
  const names = covered && touchedOfAny(mutation);
  return names && covered.find((one) => giveAccessTo(names, [one]));
}

const underCondition = (write: Write, condition: Filter): Write => ({
  ...write,
  only: { ...write.only, also: [...(write.only?.also ?? []), condition] },
});

/** An entity before a mutation, and after it. */
interface States {
  readonly current: Entity | undefined;
  readonly next: Entity | undefined;
  readonly at: Instant;
}

const isWrite = (one: Write | Outcome): one is Write => 'mutation' in one;

/** The entity that the mutation leaves. It is the current one when the mutation is refused or changes nothing. */
function entityAfter(current: Entity | undefined, mutation: Mutation, at: Instant): Entity | undefined {
  const { outcome, next } = mutate(current, mutation, at);
  return outcome.status === 'refused' ? current : (next ?? (mutation.op === 'delete' ? undefined : current));
}

/** The write with the condition that the grants still cover the entity when it is applied, or the outcome when it is not permitted. */
function permit(guard: Guard, write: Write, { current, next, at }: States): Write | Outcome {
  const { act, onCovered } = guard;
  const { mutation } = write;
  const names = touchedBy(mutation, current);
  const { before, after } = coveringOf(act, { current, next });
  const needed = allowing(names, before ?? after ?? []);
  onCovered?.(mutation.id, idsOf(needed), (current ?? next)?.types);
  if (before) keepKnown(act, mutation.id, before);
  if ([before, after].some((covering) => covering && !giveAccessTo(names, covering)))
    return refusal(guard, mutation, { current, at });
  return underCondition(write, before ? { also: needed.map(filterOf) } : conditionOfAbsent(next, act));
}

interface Covering {
  /** Undefined: there is no entity. */
  readonly before: readonly Grant[] | undefined;
  readonly after: readonly Grant[] | undefined;
}

/** The grants that cover an entity before a mutation and after it. */
function coveringOf(act: PartialDecision, { current, next }: Pick<States, 'current' | 'next'>): Covering {
  const before = current && allowingChange(act, current);
  return { before, after: next && (next === current ? before : allowingChange(act, next)) };
}

/** The grants that allow to change an entity. */
const allowingChange = ({ covering }: PartialDecision, entity: Entity): readonly Grant[] =>
  grantsToChange(entity, covering(entity));

/** Those of the grants that allow access to these attributes: one that gives all of them, without `q` if there is one, or all together. */
function allowing(names: readonly string[], covering: readonly Grant[]): readonly Grant[] {
  const enough = covering.filter((grant) => giveAccessTo(names, [grant]));
  const [first = enough[0]] = enough.filter(({ q }) => q === undefined);
  return first ? [first] : covering;
}

/** An entity that another client creates before the write is applied may be changed only when a grant gives access to all of it. */
function conditionOfAbsent(next: Entity | undefined, act: PartialDecision): Filter {
  const whole = next && allowingChange(act, next).find(({ attrs }) => attrs === undefined);
  return whole ? filterOf(whole) : matchesNothing;
}

const matchesNothing: Filter = { anyOf: [] };

function refusal({ act, read }: Guard, mutation: Mutation, { current, at }: Pick<States, 'current' | 'at'>): Outcome {
  const isKnown = !current || [act, read].some((decision) => isVisible(current, decision));
  if (isKnown || isCreating(mutation))
    return {
      status: 'refused',
      problem: {
        type: 'Forbidden',
        detail: `You may not change ${mutation.id} in this way: no grant covers all of it.`,
      },
    };
  return mutate(undefined, mutation, at).outcome;
}

const isVisible = (entity: Entity, decision: Decision): boolean =>
  decision.extent === 'full' || (decision.extent === 'part' && decision.covering(entity).length > 0);

const isCreating = (mutation: Mutation): boolean =>
  mutation.op === 'create' ||
  mutation.op === 'upsert' ||
  (mutation.op === 'observe' && mutation.create) ||
  (mutation.op === 'assign' && mutation.creates !== undefined);

/** Throws Forbidden, and records nothing, when a grant is missing for one of the instances. */
async function recordPermitted(
  { store, act, onCovered }: Guard,
  instances: readonly PastInstance[],
  at: Instant,
): Promise<void> {
  for (const [id, ofEntity] of Map.groupBy(instances, (instance) => instance.id)) {
    const current = (await store.get(id, at))?.entity();
    const names = ofEntity.map(({ name }) => name);
    const covering = current ? allowingChange(act, current) : [];
    if (current) onCovered?.(id, idsOf(covering), current.types);
    if (!giveAccessTo(names, covering)) throw forbidden(`You may not change the history of ${id} in this way.`);
  }
  await store.record(instances, at);
}

/** `absent` for a deleted entity: its history is hidden. */
async function revisePermitted(
  { store, act, read, onCovered }: Guard,
  revision: Revision,
  at: Instant,
): Promise<Revised> {
  const current = (await store.get(revision.id, at))?.entity();
  if (!current) return 'absent';
  const covering = allowingChange(act, current);
  onCovered?.(revision.id, idsOf(covering), current.types);
  const isGranted =
    revision.op === 'deleteHistory'
      ? covering.some(({ attrs }) => attrs === undefined)
      : giveAccessTo([revision.name], covering);
  if (isGranted) return store.revise(revision, at);
  if (![act, read].some((decision) => isVisible(current, decision))) return 'absent';
  throw forbidden(`You may not change the history of ${revision.id} in this way.`);
}
