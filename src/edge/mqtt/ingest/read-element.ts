/** What a message says of one entity: an element of a batch, made by a map or come as NGSI-LD. */
import { type EntityMap, readEntityMap } from '../../../core/mapping/entity-map.ts';
import { quoted } from '../../../core/mapping/flaw.ts';
import { mapRow } from '../../../core/mapping/map-row.ts';
import type { Row } from '../../../core/mapping/row.ts';
import type { Spec } from '../../../core/mapping/spec.ts';
import { createTemplate, encodeForId } from '../../../core/mapping/template.ts';
import { createTimeZone } from '../../../core/mapping/time-zone.ts';
import { isObject } from '../../../core/model/json.ts';
import type { JsonObject } from '../../../core/model/json.ts';

/** An element in its own @context, or why there is none. */
export type Element =
  | {
      readonly outcome: 'entity';
      readonly body: JsonObject;
      /** To be called when it has been written. */
      readonly written?: () => void;
    }
  | { readonly outcome: 'skipped' | 'rejected'; readonly reason: string };

/** Columns of a row that are no members of a payload. Names of levels of the topic are columns too. */
export const payloadColumn = '$payload';
export const topicColumn = '$topic';
export const arrivalColumn = '$arrival';

export type ReadElement = (row: Row) => Element;

/** Entities whose fixed attributes have been written; more are written once more. */
const knownMost = 100_000;

/** Makes elements by the map in a spec. What is fixed is left out of all but the first element of an entity. */
export function createMappedReader(spec: Spec, context: string): ReadElement {
  const map = readEntityMap(spec, context);
  const known = new Set<string>();
  const [isFixedSome, isFixedAll] = [
    map.attributes.some(({ isFixed }) => isFixed),
    map.attributes.every(({ isFixed }) => isFixed),
  ];
  const learn = (id: string): void => {
    if (known.size >= knownMost) known.clear();
    known.add(id);
  };
  return (row) => {
    const mapped = mapRow(map, row);
    if (mapped.outcome !== 'entity') return mapped;
    const { id, whole, part } = mapped;
    if (!isFixedAll && !hasAttribute(part)) return { outcome: 'rejected', reason: emptyReason(map) };
    if (known.has(id)) return { outcome: 'entity', body: { ...part, type: map.type } };
    return { outcome: 'entity', body: whole, ...(isFixedSome ? { written: () => learn(id) } : undefined) };
  };
}

const hasAttribute = (part: JsonObject): boolean =>
  Object.keys(part).some((name) => name !== 'id' && name !== '@context');

const emptyReason = ({ attributes }: EntityMap): string =>
  `it has no value for ${attributes.map(({ name }) => name).join(', ')}`;

/** Takes NGSI-LD as it is. Where it has no id, type or @context, it gets those of the spec. */
export function createEntityReader(spec: Spec, context: string): ReadElement {
  const [id, type] = [spec.text('id'), spec.text('type')];
  const own = spec.text('context') ?? context;
  const cells = {
    decimal: '.',
    empties: new Set(['']),
    toUtc: createTimeZone('Z'),
    columns: new Set<string>(),
  } as const;
  const idOf = id === undefined ? () => undefined : createTemplate(id, cells, encodeForId);
  return (row) => {
    const entity = row[payloadColumn];
    if (!isObject(entity)) return { outcome: 'rejected', reason: `it is ${quoted(entity)}, which is no entity` };
    const named = entity['id'] ?? entity['@id'] ?? idOf(row);
    if (named === undefined) return { outcome: 'rejected', reason: 'it has no id' };
    const isTyped = type === undefined || entity['type'] !== undefined || entity['@type'] !== undefined;
    const { '@id': _, ...members } = entity;
    return {
      outcome: 'entity',
      body: { '@context': own, ...(isTyped ? undefined : { type }), ...members, id: named },
    };
  };
}
