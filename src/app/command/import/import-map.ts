/** Reads the map of an import: what rows become, and what there is to know of the file. docs/import.md describes it. */
import { type EntityMap, readEntityMap } from '../../../core/mapping/entity-map.ts';
import { createSpec } from '../../../core/mapping/spec.ts';
import type { Json } from '../../../core/model/json.ts';

export interface ImportMap extends EntityMap {
  /** Rows of an entity are measurements that follow each other: all of them are to be kept. */
  readonly isHistory: boolean;
  readonly csv: CsvFormat;
}

export interface CsvFormat {
  readonly delimiter: string;
  /** As TextDecoder knows it, such as windows-1250. */
  readonly encoding: string;
}

/** Throws an Error that names the member which is missing, wrong or unknown. */
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
