/** What a message says of one entity: made by a map, or come as NGSI-LD. */
import { type EntityMap, type MappedAttribute, readEntityMap } from '../../../core/mapping/entity-map.ts';
import { quoted } from '../../../core/mapping/flaw.ts';
import { mapRow } from '../../../core/mapping/map-row.ts';
import type { Row } from '../../../core/mapping/row.ts';
import type { Spec } from '../../../core/mapping/spec.ts';
import { createTemplate, encodeForId } from '../../../core/mapping/template.ts';
import { createTimeZone } from '../../../core/mapping/time-zone.ts';
import { isObject } from '../../../core/model/json.ts';
import type { JsonObject } from '../../../core/model/json.ts';

/** An entity or a part of one, or why there is none. */
export type Element =
  | {
      readonly outcome: 'entity';
      /** In its own @context. */
      readonly body: JsonObject;
      /** Short names of the attributes that are only written when they say something new. */
      readonly fixed: readonly string[];
    }
  /** `isEmpty`: the map found nothing in it; it may be meant for another one. */
  | { readonly outcome: 'skipped' | 'rejected'; readonly reason: string; readonly isEmpty?: boolean };

/** Columns of a row that are no members of a payload. Names of levels of the topic are columns too. */
export const payloadColumn = '$payload';
export const topicColumn = '$topic';
export const arrivalColumn = '$arrival';

export interface ElementReader {
  /** The columns of a row that are looked at. */
  readonly columns: ReadonlySet<string>;
  read(row: Row): Element;
}

/** Makes elements by the map in a spec. */
export function createMappedReader(spec: Spec, context: string): ElementReader {
  const map = readEntityMap(spec, { context, isInOrder: false });
  const fixed = map.attributes.filter(({ isFixed }) => isFixed).map(({ name }) => name);
  const isEmpty = createEmptiness(readEntityMap(spec, { context, isInOrder: false }));
  const empty: Element = { outcome: 'rejected', reason: emptyReason(map), isEmpty: true };
  return {
    columns: map.columns,
    read(row) {
      const mapped = mapRow(map, row);
      if (mapped.outcome === 'entity') return isEmpty(row) ? empty : { outcome: 'entity', body: mapped.whole, fixed };
      return mapped.outcome === 'skipped' ? mapped : { ...mapped, isEmpty: isEmpty(row) };
    },
  };
}

/**
 * True for a row that has no value for any attribute but those that are the same in every row. The map is one of its own, as
 * each reading counts where values are summed up.
 */
function createEmptiness({ attributes }: EntityMap): (row: Row) => boolean {
  const varying = attributes.filter((one) => !hasValue(one, {}));
  if (varying.length === 0) return () => false;
  return (row) => !varying.some((one) => hasValue(one, row));
}

/** What is there and cannot be read is a value too. */
function hasValue({ read }: MappedAttribute, row: Row): boolean {
  try {
    return read(row) !== undefined;
  } catch {
    return true;
  }
}

const emptyReason = ({ attributes }: EntityMap): string =>
  `it has no value for ${attributes.map(({ name }) => name).join(', ')}`;

/** Takes NGSI-LD as it is. Where it has no id, type or @context, it gets those of the spec. */
export function createEntityReader(spec: Spec, context: string): ElementReader {
  const [id, type] = [spec.text('id'), spec.text('type')];
  const own = spec.text('context') ?? context;
  const cells = {
    decimal: '.',
    empties: new Set(['']),
    toUtc: createTimeZone('Z'),
    columns: new Set<string>(),
  } as const;
  const idOf = id === undefined ? () => undefined : createTemplate(id, cells, encodeForId);
  return {
    columns: cells.columns,
    read(row) {
      const entity = row[payloadColumn];
      if (!isObject(entity)) return { outcome: 'rejected', reason: `it is ${quoted(entity)}, which is no entity` };
      const named = entity['id'] ?? entity['@id'] ?? idOf(row);
      if (named === undefined) return { outcome: 'rejected', reason: 'it has no id' };
      const isTyped = type === undefined || entity['type'] !== undefined || entity['@type'] !== undefined;
      const { '@id': _, ...members } = entity;
      return {
        outcome: 'entity',
        body: { '@context': own, ...(isTyped ? undefined : { type }), ...members, id: named },
        fixed: [],
      };
    },
  };
}
