/** Derives what a change adds to the history of an entity (CIM 009 clauses 4.5.6 to 4.5.8): instances with their positions in time. */
import { type Instance, type Kind, ngsildNull, nullOf } from './attribute.ts';
import type { AttributeChange, Change } from './change.ts';
import { type Instant, type Micros, microsOfInstant } from './instant.ts';
import type { NumericSummary } from './numeric-summary.ts';

/** An instance in the history. */
export interface HistoricInstance extends Instance {
  readonly instanceId: string;
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
  /** Set on a deletion. The value of a deletion is the NGSI-LD Null. */
  readonly deletedAt?: Instant;
  /** Summaries of the numbers that this instance represents (`summaryInstance`), ascending. Only when the query plan uses rollups. */
  readonly summaries?: readonly NumericSummary[];
}

/** An instance that represents many numbers. Its other members have no meaning. */
export const summaryInstance = (
  summaries: readonly NumericSummary[],
  datasetId: string | undefined,
): HistoricInstance => ({
  kind: 'Property',
  value: null,
  ...(datasetId === undefined ? undefined : { datasetId }),
  createdAt: '',
  modifiedAt: '',
  instanceId: '',
  summaries,
});

/** The number of instances, for limits on it. An instance with summaries counts once per summary. */
export const weightOf = (instances: readonly HistoricInstance[]): number =>
  instances.reduce((sum, { summaries }) => sum + (summaries?.length ?? 1), 0);

/** The history of one entity: instances by expanded attribute name, ascending in time. */
export interface EntityHistory {
  readonly id: string;
  readonly types: readonly string[];
  readonly attrs: Readonly<Record<string, readonly HistoricInstance[]>>;
  /** True when `limitInstances` removed instances. */
  readonly truncated: boolean;
  /** The kinds of attributes that have no instances in the requested time interval. */
  readonly kinds?: Readonly<Record<string, Kind>>;
}

/**
 * An instance that a store adds to a series (entity, attribute, dataset). The store generates the `instanceId`, unless the entry has one
 * already. An entry with `observedAt` replaces the instance with the same `at` in its series; other entries never replace an
 * instance.
 */
export interface HistoryEntry {
  /** Expanded name of the attribute. */
  readonly name: string;
  /** The position in the series: `observedAt`, or the time of the write without it. */
  readonly at: Micros;
  readonly isObserved: boolean;
  readonly instance: Omit<HistoricInstance, 'instanceId'> & { readonly instanceId?: string };
}

/** The name of the series of the scope, which has a history like an attribute (clause 4.5.6). It is not an IRI. */
export const scopeSeries = 'scope';

/** The entries of a change: one for every written instance, a deletion for every removed instance, and one for a changed scope. */
export const historyOf = (change: Change): readonly HistoryEntry[] => [
  ...change.attrs.flatMap((one) => entryOf(one, change.at, change.entity.createdAt)),
  ...(change.scopeChanged ? [scopeEntry(change)] : []),
];

/** A scope counts as observed when it is set. A deleted scope is an empty list. */
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

/**
 * The entry of a given instance. `modifiedAt` is the time of the write, unless the instance is a copy of a historic one, which has its own.
 * `deletedAt` is the time of the write when the value is the NGSI-LD Null.
 */
export function pastEntry(
  name: string,
  given: Instance,
  { at, ownerCreatedAt }: { at: Instant; ownerCreatedAt: Instant },
): HistoryEntry {
  const deletion = given.value === ngsildNull ? { value: nullOf(given.kind), deletedAt: at } : undefined;
  const { observedAt, modifiedAt = at } = given;
  const instance = { ...given, createdAt: given.createdAt ?? ownerCreatedAt, modifiedAt, ...deletion };
  return { name, at: microsOfInstant(observedAt ?? modifiedAt), isObserved: observedAt !== undefined, instance };
}

/** An instance that replaces a historic instance. */
export interface Replacement {
  /** Expanded name of the attribute. */
  readonly name: string;
  readonly instance: Instance;
  /** The dataset that the replaced instance must have; absent: any. */
  readonly which?: { readonly datasetId?: string };
}

/** The reason why an instance cannot replace another instance. */
export type Mismatch = 'otherKind' | 'otherDataset';

/**
 * The entry that replaces a historic instance. It keeps the id, dataset, kind and creation time of the replaced instance (clause 5.6.14).
 */
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
