/** Takes all entities of a type out of the broker, page by page, into a file. */
import { apiPath, call } from '../data/api.ts';
import { isObject, listOf, memberOf } from '../data/json.ts';
import { saveFile } from '../data/save.ts';
import { shortName } from '../data/names.ts';

export const exportFormats = ['JSON', 'GeoJSON', 'CSV'] as const;
type Format = (typeof exportFormats)[number];

const pageSize = 500;

const media: Readonly<Record<Format, string>> = {
  JSON: 'application/json',
  GeoJSON: 'application/geo+json',
  CSV: 'text/csv',
};

export async function exportType(type: string, format: Format): Promise<void> {
  const entities: unknown[] = [];
  for (let offset = 0; ; offset += pageSize) {
    const page = await loadPage(type, format, offset);
    entities.push(...page);
    if (page.length < pageSize) break;
  }
  saveFile(`${shortName(type)}.${format.toLowerCase()}`, new Blob([textOf(entities, format)], { type: media[format] }));
}

async function loadPage(type: string, format: Format, offset: number): Promise<readonly unknown[]> {
  const path = apiPath('/entities', {
    type,
    limit: pageSize,
    offset,
    ...(format === 'CSV' ? { format: 'simplified' } : undefined),
  });
  const answer = await call(path, { accept: format === 'GeoJSON' ? 'application/geo+json' : 'application/json' });
  return format === 'GeoJSON' ? listOf(memberOf(answer, 'features')) : listOf(answer);
}

function textOf(entities: readonly unknown[], format: Format): string {
  if (format === 'GeoJSON') return JSON.stringify({ type: 'FeatureCollection', features: entities });
  return format === 'JSON' ? JSON.stringify(entities, undefined, 1) : csvOf(entities);
}

/** One row per entity, one column per attribute (RFC 4180). Values that are no text or number are JSON. */
function csvOf(entities: readonly unknown[]): string {
  const rows = entities.filter(isObject);
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const head = names.map((name) => quoted(shortName(name)));
  return [head, ...rows.map((row) => names.map((name) => quoted(cellOf(row[name]))))]
    .map((cells) => `${cells.join(',')}\r\n`)
    .join('');
}

const cellOf = (value: unknown): string =>
  value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
