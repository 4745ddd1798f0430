/** Parses the map of an import: how rows become entities, and the format of the file. docs/import.md describes it. */
import { type EntityMap, readEntityMap } from '../../../core/mapping/entity-map.ts';
import { createSpec } from '../../../core/mapping/spec.ts';
import type { Json } from '../../../core/model/json.ts';

export interface ImportMap extends EntityMap {
  /** The rows of an entity are successive measurements, and all of them are kept. */
  readonly isHistory: boolean;
  readonly csv: CsvFormat;
}

export interface CsvFormat {
  readonly delimiter: string;
  /** The label for TextDecoder, such as windows-1250. */
  readonly encoding: string;
}

/** Throws an Error that names the missing, invalid or unknown member. */
export function readImportMap(document: Json): ImportMap {
  const spec = createSpec(document, '');
  const map: ImportMap = {
    ...readEntityMap(spec, { isInOrder: true }),
    isHistory: spec.flag('history'),
    csv: { delimiter: spec.text('delimiter') ?? ',', encoding: spec.text('encoding') ?? 'utf-8' },
  };
  spec.close();
  if (map.isHistory && !map.observedAt)
    throw new Error('A map with history needs observedAt: it tells the measurements apart.');
  return map;
}
