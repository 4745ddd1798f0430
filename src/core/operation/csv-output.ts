/** Writes entities as CSV: a row for each entity, and a column for each attribute of any of them. */
import type { Entity } from '../model/entity.ts';
import { restIfDue } from '../model/interruptible.ts';
import type { JsonObject } from '../model/json.ts';
import { Problem } from '../model/problem.ts';
import type { YieldToEventLoop } from '../port/clock.ts';
import { renderEntity } from '../representation/render.ts';
import type { View } from '../representation/view.ts';
import type { Stored } from '../port/store.ts';
import type { ContentOf } from './content.ts';
import { csvLine } from './csv.ts';

/** Most bytes of entities and most cells of one table, because all of it must be in memory at once. */
const [tableBytesMax, cellsMax] = [16 * 2 ** 20, 500_000];

/** What `EntityOutput` promises, as CSV. Values are those of the simplified representation; what is no text or number is JSON. */
export function csvOutput(view: View, { older, yieldToEventLoop }: CsvOptions) {
  const shown = (stored: Stored): JsonObject | undefined =>
    renderEntity(older(stored.entity()), { ...view, format: 'simplified' });
  return {
    one: async (stored: Stored): Promise<string | undefined> => {
      const row = shown(stored);
      return row && tableOf([row], yieldToEventLoop);
    },
    async many(found: readonly Stored[], content: ContentOf): Promise<string> {
      const bytes = found.reduce((sum, { size, held = 0 }) => sum + (size ?? held), 0);
      if (bytes > tableBytesMax) throw tooLarge(`The entities of the table have ${bytes} bytes`);
      const rows: JsonObject[] = [];
      for (const stored of found) {
        await restIfDue(yieldToEventLoop);
        const known = await content(stored);
        const row = known && shown(known);
        if (row) rows.push(row);
      }
      return tableOf(rows, yieldToEventLoop);
    },
  };
}

interface CsvOptions {
  readonly older: (entity: Entity) => Entity;
  readonly yieldToEventLoop: YieldToEventLoop;
}

/** The columns are in the order in which they first occur. Throws TooManyResults. */
async function tableOf(rows: readonly JsonObject[], yieldToEventLoop: YieldToEventLoop): Promise<string> {
  const columns = [...new Set(['id', 'type', ...rows.flatMap(Object.keys)])];
  const cells = columns.length * rows.length;
  if (cells > cellsMax) throw tooLarge(`The table has ${columns.length} columns and ${rows.length} rows`);
  const lines = [csvLine(columns)];
  let length = 0;
  for (const row of rows) {
    await restIfDue(yieldToEventLoop);
    const line = csvLine(columns.map((name) => row[name]));
    length += line.length;
    if (length > tableBytesMax) throw tooLarge(`The table has more than ${tableBytesMax} characters`);
    lines.push(line);
  }
  return lines.join('');
}

const tooLarge = (what: string): Problem =>
  new Problem('TooManyResults', `${what}, more than fit in memory at once; lower limit.`);
