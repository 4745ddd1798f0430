/** Maps the rows of a table and sends them to the broker in portions, and keeps those that were rejected. */
import { mapRow, type Mapped } from '../../core/mapping/map-row.ts';
import { apiPath, call } from '../data/api.ts';
import { type JsonObject, listOf, memberOf, textOf } from '../data/json.ts';
import { type Mapping, readMapping } from './mapping.ts';
import { type Cells, pause, rowOf } from './table.ts';

/** A row with its place in the file. Row numbers do not count the header line. */
export interface NumberedRow {
  readonly number: number;
  readonly cells: Cells;
}

export interface RejectedRow extends NumberedRow {
  readonly reason: string;
}

export interface Progress {
  readonly rows: number;
  readonly accepted: number;
  readonly rejected: readonly RejectedRow[];
}

export interface ImportJob {
  readonly columns: readonly string[];
  readonly rows: readonly NumberedRow[];
  readonly mapping: Mapping;
  readonly signal: AbortSignal;
  /** Called after each portion. */
  readonly onProgress: (progress: Progress) => void;
}

/** Rows that are mapped before the browser may draw again, and that are sent in one request. Wide rows take more time. */
const portionOf = (columns: readonly string[]): number =>
  Math.max(1, Math.min(1000, Math.floor(cellsMax / columns.length)));
const cellsMax = 20_000;

interface Sent {
  readonly row: NumberedRow;
  readonly entity: JsonObject & { readonly id: string };
}

/** Maps all rows, and sends none. Ends early when the signal is aborted. */
export const checkRows = (job: ImportJob): Promise<void> => run(job, () => Promise.resolve([]));

/** Throws an Error in words for people when the broker fails. The portions before have then been written. */
export const importRows = (job: ImportJob): Promise<void> => run(job, sendPortion);

type Send = (items: readonly Sent[]) => Promise<readonly RejectedRow[]>;

async function run({ columns, rows, mapping, signal, onProgress }: ImportJob, send: Send): Promise<void> {
  const map = readMapping(mapping);
  const portion = portionOf(columns);
  const rejected: RejectedRow[] = [];
  let accepted = 0;
  for (let begin = 0; begin < rows.length && !signal.aborted; begin += portion) {
    const items: Sent[] = [];
    const wrong: RejectedRow[] = [];
    for (const row of rows.slice(begin, begin + portion)) {
      const mapped = mapCells(row.cells, columns, map);
      if (mapped.outcome === 'entity') items.push({ row, entity: { ...mapped.whole, id: mapped.id } });
      else wrong.push({ ...row, reason: mapped.reason });
    }
    const refused = items.length === 0 ? [] : await send(items);
    accepted += items.length - refused.length;
    rejected.push(...[...wrong, ...refused].sort((a, b) => a.number - b.number));
    onProgress({ rows: Math.min(begin + portion, rows.length), accepted, rejected });
    await pause();
  }
}

/** A row with more or fewer cells than the header is rejected, as in `mlaka import`. */
export function mapCells(cells: Cells, columns: readonly string[], map: ReturnType<typeof readMapping>): Mapped {
  if (cells.length !== columns.length)
    return { outcome: 'rejected', reason: `it has ${cells.length} columns where the header has ${columns.length}` };
  return mapRow(map, rowOf(cells, columns, map.columns));
}

/** The rows that the broker refuses. Existing entities keep attributes that the rows do not name, and newer values. */
async function sendPortion(items: readonly Sent[]): Promise<readonly RejectedRow[]> {
  const answer = await call(apiPath('/entityOperations/upsert', { options: 'update,keepNewest' }), {
    method: 'POST',
    body: items.map(({ entity }) => entity),
    ...(items.some(({ entity }) => '@context' in entity)
      ? { headers: { 'Content-Type': 'application/ld+json' } }
      : undefined),
  });
  const errors = Map.groupBy(listOf(memberOf(answer, 'errors')), (error) => textOf(error, 'entityId') ?? '');
  if (errors.size === 0) return [];
  return [...Map.groupBy(items, ({ entity }) => entity.id)].flatMap(([id, ofEntity]) =>
    refusalsOf(ofEntity, errors.get(id) ?? []),
  );
}

/** Refusals name the entity. When it has several rows, the broker does not say which of them it refused. */
function refusalsOf(items: readonly Sent[], errors: readonly unknown[]): readonly RejectedRow[] {
  return errors.flatMap((error, n) => {
    const item = items[n];
    const problem = memberOf(error, 'error');
    const reason = textOf(problem, 'detail') ?? textOf(problem, 'title') ?? '';
    return item
      ? [{ ...item.row, reason: items.length === errors.length ? reason : `${item.entity.id}: ${reason}` }]
      : [];
  });
}
