/** Converts a row of a message to an entity: by a map, or directly from NGSI-LD. */
import { type EntityMap, type MappedAttribute, readEntityMap } from '../../../core/mapping/entity-map.ts';
import { quoted } from '../../../core/mapping/row-error.ts';
import { mapRow } from '../../../core/mapping/map-row.ts';
import type { Row } from '../../../core/mapping/row.ts';
import type { Spec } from '../../../core/mapping/spec.ts';
import { createTemplate, encodeForId } from '../../../core/mapping/template.ts';
import { createTimeZone } from '../../../core/mapping/time-zone.ts';
import { isObject } from '../../../core/model/json.ts';
import type { JsonObject } from '../../../core/model/json.ts';

/** An entity or an entity fragment, or the reason why there is none. */
export type Element =
  | {
      readonly outcome: 'entity';
      /** The body, with its own @context. */
      readonly body: JsonObject;
      /** Short names of the attributes with a fixed value. They are written only when they change something. */
      readonly fixed: readonly string[];
    }
  /** `isEmpty`: the map found no value in the row, so the row may be meant for another map. */
  | { readonly outcome: 'skipped' | 'rejected'; readonly reason: string; readonly isEmpty?: boolean };

/** Extra columns of a row, besides the members of the payload. Named levels of the topic are columns too. */
export const payloadColumn = '$payload';
export const topicColumn = '$topic';
export const arrivalColumn = '$arrival';

export interface ElementReader {
  /** The columns that the reader uses. */
  readonly columns: ReadonlySet<string>;
  read(row: Row): Element;
}

/** Creates a reader that applies the map in a spec. */
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
 * True for a row without a value for any varying attribute. It uses its own copy of the map, because each read counts where
 * values are accumulated.
 */
function createEmptiness({ attributes }: EntityMap): (row: Row) => boolean {
  const varying = attributes.filter((one) => !hasValue(one, {}));
  if (varying.length === 0) return () => false;
  return (row) => !varying.some((one) => hasValue(one, row));
}

/** True when there is a value, even an unreadable one. */
function hasValue({ read }: MappedAttribute, row: Row): boolean {
  try {
    return read(row) !== undefined;
  } catch {
    return true;
  }
}

const emptyReason = ({ attributes }: EntityMap): string =>
  `it has no value for ${attributes.map(({ name }) => name).join(', ')}`;

/** Reads NGSI-LD directly. A missing id, type or @context is taken from the spec. */
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
