/** What a change leaves in the history of an entity (CIM 009 clauses 4.5.6 to 4.5.8): instances, each at its place in time. */
import { type Instance, type Kind, ngsildNull, nullOf } from './attribute.ts';
import type { AttributeChange, Change } from './change.ts';
import { type Instant, type Micros, microsOfInstant } from './instant.ts';
import type { NumericSummary } from './numeric-summary.ts';

/** An instance as history keeps it. */
export interface HistoricInstance extends Instance {
  readonly instanceId: string;
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
  /** Set on a deletion, whose value is the NGSI-LD Null. */
  readonly deletedAt?: Instant;
  /** It stands for all of these numbers of its series (`standIn`), ascending; only where a plan takes rollups. */
  readonly tallies?: readonly NumericSummary[];
}

/** An instance in place of many numbers. Its own members say nothing. */
export const standIn = (tallies: readonly NumericSummary[], datasetId: string | undefined): HistoricInstance => ({
  kind: 'Property',
  value: null,
  ...(datasetId === undefined ? undefined : { datasetId }),
  createdAt: '',
  modifiedAt: '',
  instanceId: '',
  tallies,
});

/** How many instances these are where their number is bounded: what stands for numbers is as many as it has tallies. */
export const weightOf = (instances: readonly HistoricInstance[]): number =>
  instances.reduce((sum, { tallies }) => sum + (tallies?.length ?? 1), 0);

/** The history of one entity: instances by expanded attribute name, ascending in time. */
export interface EntityHistory {
  readonly id: string;
  readonly types: readonly string[];
  readonly attrs: Readonly<Record<string, readonly HistoricInstance[]>>;
  /** True when `limitInstances` cut something off. */
  readonly truncated: boolean;
  /** The kinds of attributes of which nothing is left in the part of time that is shown. */
  readonly kinds?: Readonly<Record<string, Kind>>;
}

/**
 * An instance that a store is to add to a series (entity, attribute, dataset). The store gives it its `instanceId`, unless
 * it brings one from where it was before. An observed one takes the place of the one with the same `at` in its series (conflict 14); others never replace.
 */
export interface HistoryEntry {
  /** Expanded name of the attribute. */
  readonly name: string;
  /** The place in the series: `observedAt`, or the time of the write where there is none. */
  readonly at: Micros;
  readonly isObserved: boolean;
  readonly instance: Omit<HistoricInstance, 'instanceId'> & { readonly instanceId?: string };
}

/** The name of the series that holds the scope, which has a history like an attribute (clause 4.5.6). It is no IRI. */
export const scopeSeries = 'scope';

/**
 * The entries of a change: one for every instance that was written, a deletion for every one that was removed, and one for
 * a scope that is another than before.
 */
export const historyOf = (change: Change): readonly HistoryEntry[] => [
  ...change.attrs.flatMap((one) => entryOf(one, change.at, change.entity.createdAt)),
  ...(change.scopeChanged ? [scopeEntry(change)] : []),
];

/** A scope is observed when it is set; one that is gone leaves an empty list. */
function scopeEntry({ event, at, entity, scopeObservedAt = at }: Change): HistoryEntry {
  const scope = event === 'deleted' ? undefined : entity.scope;
  const base = { kind: 'Property', createdAt: at, modifiedAt: at } as const;
  if (scope === undefined)
    return {
      name: scopeSeries,
      at: microsOfInstant(at),
      isObserved: false,
      instance: { ...base, value: [], deletedAt: at },
    };
  return {
    name: scopeSeries,
    at: microsOfInstant(scopeObservedAt),
    isObserved: true,
    instance: { ...base, value: scope, observedAt: scopeObservedAt },
  };
}

function entryOf(
  { name, event, before, after }: AttributeChange,
  at: Instant,
  ownerCreatedAt: Instant,
): readonly HistoryEntry[] {
  if (event === 'deleted')
    return before
      ? [{ name, at: microsOfInstant(at), isObserved: false, instance: deletionOf(before, at, ownerCreatedAt) }]
      : [];
  return after ? [pastEntry(name, after, { at, ownerCreatedAt })] : [];
}

/** The entry of an instance as it was given: `modifiedAt` is the time of the write; where it is the NGSI-LD Null, `deletedAt` too. */
export function pastEntry(
  name: string,
  given: Instance,
  { at, ownerCreatedAt }: { at: Instant; ownerCreatedAt: Instant },
): HistoryEntry {
  const deletion = given.value === ngsildNull ? { value: nullOf(given.kind), deletedAt: at } : undefined;
  const instance = { ...given, createdAt: given.createdAt ?? ownerCreatedAt, modifiedAt: at, ...deletion };
  const { observedAt } = given;
  return { name, at: microsOfInstant(observedAt ?? at), isObserved: observedAt !== undefined, instance };
}

/** What is to take the place of a historic instance. */
export interface Replacement {
  /** Expanded name of the attribute. */
  readonly name: string;
  readonly instance: Instance;
  /** The dataset that it must be of; absent: any. */
  readonly which?: { readonly datasetId?: string };
}

/** Why an instance cannot take the place of another. */
export type Mismatch = 'otherKind' | 'otherDataset';

/** The entry that takes the place of a historic instance: it keeps id, dataset, kind and time of creation of that (clause 5.6.14). */
export function replacementOf(
  { kind, datasetId, createdAt, instanceId }: HistoricInstance,
  { name, instance: { datasetId: _, ...given }, which }: Replacement,
  at: Instant,
): HistoryEntry | Mismatch {
  if (given.kind !== kind) return 'otherKind';
  if (which && which.datasetId !== datasetId) return 'otherDataset';
  const kept = { ...given, ...(datasetId === undefined ? undefined : { datasetId }), createdAt };
  const entry = pastEntry(name, kept, { at, ownerCreatedAt: createdAt });
  return { ...entry, instance: { ...entry.instance, instanceId } };
}

const deletionOf = (
  { kind, datasetId, createdAt }: Instance,
  at: Instant,
  ownerCreatedAt: Instant,
): HistoryEntry['instance'] => ({
  kind,
  value: nullOf(kind),
  ...(datasetId === undefined ? undefined : { datasetId }),
  createdAt: createdAt ?? ownerCreatedAt,
  modifiedAt: at,
  deletedAt: at,
});
