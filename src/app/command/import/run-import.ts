/** Runs an import: reads rows, maps them to entities, sends them in batches, and counts the results. */
import type { JsonObject } from '../../../core/model/json.ts';
import type { Progress } from '../progress.ts';
import type { Deliver, Item } from './deliver.ts';
import type { Journal, Rejected, RowCounts } from './journal.ts';
import type { Mapped } from '../../../core/mapping/map-row.ts';
import type { Row } from '../../../core/mapping/row.ts';
import { createReasons, type ReasonCount } from './reasons.ts';
import type { ReplacementDetector } from './replaced.ts';
import type { SourceRow } from './source.ts';

export interface ImportParts {
  readonly rows: AsyncIterable<readonly SourceRow[]>;
  readonly mapRow: (row: Row) => Mapped;
  readonly deliver: Deliver;
  readonly journal: Journal;
  readonly replacing: ReplacementDetector;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly batchSize: number;
}

/** A row to send. */
interface RowItem extends Item {
  readonly source: SourceRow;
}

/** The rows of one batch: those to send and those already rejected or skipped. */
interface Batch {
  readonly items: RowItem[];
  readonly rejected: Rejected[];
  skipped: number;
  lastRow: number;
  share: number;
}

export interface ImportResult {
  readonly counts: RowCounts;
  /** The reasons for rejected rows, with counts. */
  readonly reasons: readonly ReasonCount[];
}

/**
 * Reads the next batch while the previous one is being sent. Throws an Error when the broker fails or the import is stopped. The journal
 * then contains all completed batches.
 */
export async function runImport(parts: ImportParts): Promise<ImportResult> {
  const account = createAccount(parts);
  let underWay = Promise.resolve();
  try {
    for await (const batch of batchesOf(parts)) {
      await underWay;
      underWay = account.settle(batch);
      // The error surfaces where this promise is awaited.
      underWay.catch(() => undefined);
    }
  } finally {
    await underWay;
  }
  parts.progress.end(account.result().counts.rows);
  return account.result();
}

async function* batchesOf(parts: ImportParts): AsyncGenerator<Batch> {
  let batch = emptyBatch();
  for await (const rows of parts.rows) {
    for (const source of rows) {
      take(source, batch, parts);
      if (batch.items.length < parts.batchSize && batch.rejected.length < parts.batchSize) continue;
      yield batch;
      batch = emptyBatch();
    }
  }
  if (batch.lastRow > 0) yield batch;
}

interface Account {
  /** Sends a batch, and records the result of its rows. */
  settle(batch: Batch): Promise<void>;
  result(): ImportResult;
}

function createAccount(parts: ImportParts): Account {
  let counts = parts.journal.before;
  const reasons = createReasons();
  return {
    async settle(batch) {
      parts.signal.throwIfAborted();
      const rejected = await settleBatch(batch, parts);
      for (const { source, reason } of rejected) reasons.add(reason, source.number);
      const isRejected = new Set(rejected.map(({ source }) => source));
      const taken = batch.items.filter(({ source }) => !isRejected.has(source));
      counts = {
        rows: batch.lastRow,
        accepted: counts.accepted + taken.length,
        replaced: counts.replaced + taken.filter(({ id, part }) => parts.replacing.replaces(id, part)).length,
        skipped: counts.skipped + batch.skipped,
        rejected: counts.rejected + rejected.length,
      };
      parts.journal.settle(counts);
      parts.progress.show(counts.rows, batch.share);
    },
    result: () => ({ counts, reasons: reasons.list() }),
  };
}

const emptyBatch = (): Batch => ({ items: [], rejected: [], skipped: 0, lastRow: 0, share: 0 });

function take(source: SourceRow, batch: Batch, { mapRow, journal, replacing }: ImportParts): void {
  const { number, row, flaw = 'it is no row' } = source;
  const mapped: Mapped = row ? mapRow(row) : { outcome: 'rejected', reason: flaw };
  if (number <= journal.before.rows) {
    // An earlier run has completed this row. It is mapped anyway, because running sums and the order of times depend on all rows.
    if (mapped.outcome === 'entity') replacing.replaces(mapped.id, mapped.part);
    return;
  }
  batch.lastRow = number;
  batch.share = source.share;
  if (mapped.outcome === 'entity') batch.items.push({ id: mapped.id, whole: mapped.whole, part: mapped.part, source });
  else if (mapped.outcome === 'skipped') batch.skipped += 1;
  else batch.rejected.push({ source, reason: mapped.reason });
}

/** Sends a batch, and stores the rows that the map or the broker rejected, in file order. */
async function settleBatch(batch: Batch, { deliver, journal }: ImportParts): Promise<readonly Rejected[]> {
  const refused = await deliver(batch.items);
  const byBroker = [...refused].map(([{ source }, reason]) => ({ source, reason }));
  const rejected = [...batch.rejected, ...byBroker].sort((a, b) => a.source.number - b.source.number);
  journal.reject(rejected);
  return rejected;
}

/** Maps rows that already are entities, or features with entities. */
export function mapEntity(context: string): (row: Row) => Mapped {
  return ({ $id, $geometry: _, ...members }) => {
    const id = members['id'] ?? $id;
    if (typeof id !== 'string') return { outcome: 'rejected', reason: 'it has no id' };
    const whole: JsonObject = { '@context': context, ...members, id };
    return { outcome: 'entity', id, whole, part: whole };
  };
}
