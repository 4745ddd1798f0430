/** Writes entities as CSV: a row for each entity, and a column for each attribute of any of them. */
import type { Entity } from '../model/entity.ts';
import type { JsonObject } from '../model/json.ts';
import { renderEntity } from '../representation/render.ts';
import type { View } from '../representation/view.ts';
import type { Stored } from '../port/store.ts';
import type { ContentOf } from './content.ts';
import { csvLine } from './csv.ts';

/** What `EntityOutput` promises, as CSV. Values are those of the simplified representation; what is no text or number is JSON. */
export function csvOutput(view: View, older: (entity: Entity) => Entity) {
  const shown = (stored: Stored): JsonObject | undefined =>
    renderEntity(older(stored.entity()), { ...view, format: 'simplified' });
  return {
    one: (stored: Stored): Promise<string | undefined> => {
      const row = shown(stored);
      return Promise.resolve(row && tableOf([row]));
    },
    async many(found: readonly Stored[], content: ContentOf): Promise<string> {
      const rows: JsonObject[] = [];
      for (const stored of found) {
        const known = await content(stored);
        const row = known && shown(known);
        if (row) rows.push(row);
      }
      return tableOf(rows);
    },
  };
}

/** The columns are in the order in which they first occur. */
function tableOf(rows: readonly JsonObject[]): string {
  const columns = [...new Set(['id', 'type', ...rows.flatMap(Object.keys)])];
  return [columns, ...rows.map((row) => columns.map((name) => row[name]))].map(csvLine).join('');
}
