/** Deletes histories for QuantumLeap and STH-Comet. Present entities stay as they are. */
import type { Revision } from '../../../port/store.ts';
import type { CallContext } from '../../operation.ts';
import { findHistoryEntities, type HistoryEntity, type HistoryQuery } from './entities.ts';
import { readSeries } from './rows.ts';

/** Revisions that are sent together, so that they share commits. */
const revisionsMax = 500;

/**
 * Deletes what the query selects: whole histories, single attributes, or the instances of an interval. Returns the number of entities that
 * had something. Throws TooManyResults when an interval has too many instances.
 */
export async function deleteHistories(query: HistoryQuery, call: CallContext): Promise<number> {
  const entities = await findHistoryEntities(query, call);
  const revisions =
    query.temporal.timerel === undefined ? wholeSeries(entities, query) : await instancesIn(entities, query, call);
  for (let start = 0; start < revisions.length; start += revisionsMax)
    await Promise.all(
      revisions.slice(start, start + revisionsMax).map((revision) => call.store.revise(revision, call.now)),
    );
  return entities.length;
}

const wholeSeries = (entities: readonly HistoryEntity[], { attrs }: HistoryQuery): readonly Revision[] =>
  entities.flatMap(({ id, newest }): readonly Revision[] =>
    attrs
      ? [...newest.keys()].map((name) => ({ op: 'deleteSeries', id, name, which: {} }))
      : [{ op: 'deleteHistory', id }],
  );

async function instancesIn(
  entities: readonly HistoryEntity[],
  { temporal, attrs }: HistoryQuery,
  call: CallContext,
): Promise<readonly Revision[]> {
  const found = await readSeries(entities, { temporal, attrs }, call);
  return found.flatMap(({ entity: { id }, attrs: series }) =>
    Object.entries(series).flatMap(([name, instances]) =>
      instances.map(({ instanceId }): Revision => ({ op: 'deleteInstance', id, name, instanceId })),
    ),
  );
}
