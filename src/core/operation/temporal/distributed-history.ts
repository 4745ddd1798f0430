/** Reads histories from this broker and from the context sources that have a part of them (clauses 4.3.6, 5.7.3, 5.7.4). */
import type { EntityMapContent } from '../../federation/entity-map.ts';
import { type HistoryCopy, mergeHistories } from '../../federation/merge-histories.ts';
import { narrowAttributes, ownersIn, withoutForeign } from '../../federation/narrow.ts';
import { readHistoryCopy } from '../../federation/read-history-copy.ts';
import type { Registration } from '../../federation/registration.ts';
import type { RegistrationIndex } from '../../federation/registration-index.ts';
import type { Demand } from '../../federation/registration-match.ts';
import { anyOfTypes, type Filter } from '../../language/filter.ts';
import { type EntityHistory, weightOf } from '../../model/history.ts';
import { restIfDue } from '../../model/interruptible.ts';
import { askSources, type Question, type Reply } from '../distributed/ask-sources.ts';
import type { Sought } from '../distributed/sought.ts';
import {
  choose,
  type Chosen,
  mapped,
  type MergedQuery,
  partsOf,
  readSourceFilter,
  registrationsForRead,
  warningsOf,
} from '../distributed/distributed-read.ts';
import type { MapLifetime } from '../distributed/source-read-request.ts';
import type { CallContext, OperationRequest } from '../operation.ts';
import type { HistorySelection } from '../../port/histories.ts';

type Params = OperationRequest['params'];

const soughtHistories: Sought<EntityHistory> = {
  retrieve: 'retrieveTemporal',
  query: 'queryTemporal',
  createMap: 'createEntityMapQueryTemporal',
  read: readHistoryCopy,
  narrow(registration, history, demand) {
    const attrs = narrowAttributes(registration, history, demand);
    return attrs && { ...history, attrs };
  },
};

/** What sources have, and how to merge it with what is here. */
export interface SourceHistories extends Pick<MergedQuery<unknown>, 'sources' | 'linked' | 'failed'> {
  readonly warnings: readonly string[];
  /** All histories, those of this broker first, or those with these ids. The parts of this broker must not be cut. */
  merged(local: readonly EntityHistory[], ids?: ReadonlySet<string>): Promise<readonly EntityHistory[]>;
}

/** What is read from sources. */
export interface HistoryReading {
  readonly params: Params;
  readonly filter: Filter;
  /** Of a retrieval. */
  readonly id?: string;
  readonly parts: HistorySelection['parts'];
  /** Whether the instances are aggregated after merging: sources send all. */
  readonly isAggregated: boolean;
  /** The part of an entity map that is read: only its sources are asked. */
  readonly map?: EntityMapContent | undefined;
  /** Given when an entity map is made. */
  readonly makes?: MapLifetime | undefined;
}

/** What context sources have. Undefined when none is concerned. */
export async function historiesElsewhere(
  reading: HistoryReading,
  call: CallContext,
): Promise<SourceHistories | undefined> {
  const index = await registrationsForRead(reading.params, call, 'history');
  return !index || index.size === 0 ? undefined : askForHistories(index, reading, call);
}

async function askForHistories(
  index: RegistrationIndex,
  reading: HistoryReading,
  call: CallContext,
): Promise<SourceHistories | undefined> {
  const { params, filter, parts } = reading;
  const demand = await demandOf(reading, call);
  const { geo, scopeQ } = filter;
  const conditions = { geo, scopeQ, csf: readSourceFilter(params, call), temporal: parts.temporal };
  const chosen = choose(index, demand, {
    conditions,
    call,
    operations: [...(reading.id === undefined ? [] : [soughtHistories.retrieve]), soughtHistories.query],
    map: reading.map,
  });
  if (chosen.asked.length === 0 && chosen.warnings.length === 0) return undefined;
  const { sources } = call.services;
  const question = questionOf(reading, demand);
  const replies = sources ? await askSources(chosen.asked, question, { call, sources, sought: soughtHistories }) : [];
  return {
    warnings: warningsOf(chosen, replies, call),
    ...partsOf([], replies),
    merged: (local, ids) => mergeAll(local, { replies, chosen, reading, ids, call }),
  };
}

async function demandOf({ filter, id, parts }: HistoryReading, call: CallContext): Promise<Demand> {
  const about = { attrs: parts.attrs ?? filter.attrs, datasetIds: parts.datasetIds };
  if (id === undefined) return { selectors: filter.selectors, ...about };
  const known = (await call.store.get(id, call.now))?.types();
  return { selectors: [{ ids: [id], ...(known ? { types: anyOfTypes(known) } : undefined) }], ...about };
}

function questionOf(reading: HistoryReading, demand: Demand): Question {
  const { params, filter, id } = reading;
  const temporal = temporalIn(reading);
  if (id !== undefined) return { demand, temporal, id };
  const { q, geo } = filter;
  const tested = { ...(q ? { q } : undefined), ...(geo ? { geo } : undefined) };
  return { demand, temporal, conditions: { params, filter: tested }, ...mapped(reading) };
}

/** The parameters of the temporal query as the client sent them. */
function temporalIn({ params, isAggregated }: HistoryReading): Params {
  const names = ['timerel', 'timeAt', 'endTimeAt', 'timeproperty', ...(isAggregated ? [] : ['lastN'])];
  return Object.fromEntries(names.flatMap((name) => (params[name] === undefined ? [] : [[name, params[name]]])));
}

interface Merging {
  readonly replies: readonly Reply<EntityHistory>[];
  readonly chosen: Chosen;
  readonly reading: HistoryReading;
  /** Absent: all. */
  readonly ids: ReadonlySet<string> | undefined;
  readonly call: CallContext;
}

interface Copy {
  readonly history: EntityHistory;
  /** Absent: the history of this broker. */
  readonly registration?: Registration;
}

async function mergeAll(
  local: readonly EntityHistory[],
  { replies, chosen, reading, ids, call }: Merging,
): Promise<readonly EntityHistory[]> {
  const owners = ownersIn(chosen.matching);
  const all: readonly Copy[] = [
    ...local.map((history) => ({ history })),
    ...replies.flatMap(({ registration, entities }) => entities.map((history) => ({ history, registration }))),
  ];
  const wanted = ids ? all.filter(({ history }) => ids.has(history.id)) : all;
  let left = call.services.limits.instancesMax;
  const found: EntityHistory[] = [];
  for (const copies of Map.groupBy(wanted, ({ history }) => history.id).values()) {
    await restIfDue(call.services.yieldToEventLoop);
    const kept = copies.map(
      ({ history, registration }): HistoryCopy => ({
        history: withoutForeign(history, owners, registration),
        isAuxiliary: registration?.mode === 'auxiliary',
      }),
    );
    const merged = mergeHistories(kept, reading.parts.temporal);
    for (const instances of Object.values(merged.attrs)) left -= weightOf(instances);
    found.push(left < 0 ? { ...merged, truncated: true } : merged);
  }
  return found;
}
