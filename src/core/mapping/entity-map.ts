/** Reads a map, which assigns columns of rows to attributes of entities. docs/import.md describes it. */
import type { Kind } from '../model/attribute.ts';
import type { JsonObject } from '../model/json.ts';
import { prototypeName } from '../model/read/name.ts';
import { quoted } from './row-error.ts';
import { createValue, type ReadValue } from './read-value.ts';
import { type Cells, cellOf, type RowReading, type Row, textOf } from './row.ts';
import { createRowOrder, earlierMoment } from './row-order.ts';
import type { Spec } from './spec.ts';
import { createTemplate, encodeForId, type Template } from './template.ts';
import { createTimeZone } from './time-zone.ts';

/** An attribute of the entities that a map creates. */
export interface MappedAttribute {
  readonly name: string;
  readonly kind: Kind;
  readonly read: ReadValue;
  /** Constant members besides the value, such as the unit code. */
  readonly members: JsonObject;
  /** For language properties: the language of the text. */
  readonly language: string | undefined;
  /** It gets the time of the row as `observedAt`. */
  readonly isObserved: boolean;
  /** It is the same in all rows of an entity. Only the first row of an entity sends it. */
  readonly isFixed: boolean;
  /** A row without it is rejected. */
  readonly isRequired: boolean;
}

/** A map from rows to entities. */
export interface EntityMap {
  readonly type: string;
  /** The URL of the @context; undefined: the receiver's default applies. */
  readonly context: string | undefined;
  readonly id: Template;
  /** Reads the time of a row; absent when rows have no time. */
  readonly observedAt: ReadValue | undefined;
  /** Fixed attributes come first. */
  readonly attributes: readonly MappedAttribute[];
  /** The reason to skip a row; undefined for a row that is imported. */
  readonly skip: (row: Row) => string | undefined;
  /** All columns that the map reads, columns in templates included. */
  readonly columns: ReadonlySet<string>;
}

const kinds = ['Property', 'GeoProperty', 'Relationship', 'LanguageProperty'] as const;

export interface MapOptions {
  /** The @context of a map that gives none; absent: the receiver's default applies. */
  readonly context?: string;
  /** The rows of an entity are in ascending or descending order of time. The order resolves the repeated hour when summer time ends. */
  readonly isInOrder: boolean;
}

/** Reads the members of a map; the caller closes the spec. Throws an Error that names a missing or wrong member. */
export function readEntityMap(spec: Spec, { context, isInOrder }: MapOptions): EntityMap {
  const plain = readReading(spec);
  const order = isInOrder ? createRowOrder(plain.idOf) : undefined;
  const reading = { ...plain, moments: order?.others ?? plain.moments };
  const observedAt = spec.member('observedAt');
  const map: EntityMap = {
    type: spec.neededText('type'),
    context: spec.text('context') ?? context,
    id: reading.idOf,
    observedAt: observedAt && readObservedAt(observedAt, { ...plain, moments: order?.observed ?? plain.moments }),
    attributes: spec
      .entries('attributes')
      .map(([name, one]) => readAttribute(name, one, { reading, isTimed: observedAt !== undefined }))
      .sort((one, other) => Number(other.isFixed) - Number(one.isFixed)),
    skip: readSkip(spec.list('skip'), reading),
    columns: reading.columns,
  };
  spec.text('about');
  if (map.attributes.length === 0) throw new Error(`${spec.placeOf('attributes')} must name at least one attribute.`);
  return map;
}

function readReading(spec: Spec): RowReading {
  const cells = readCells(spec);
  return { ...cells, idOf: createTemplate(spec.neededText('id'), cells, encodeForId), moments: earlierMoment };
}

function readCells(spec: Spec): Cells {
  const decimal = spec.text('decimal') ?? '.';
  if (decimal !== '.' && decimal !== ',')
    throw new Error(`${spec.placeOf('decimal')} must be "." or ",", not ${quoted(decimal)}.`);
  return {
    decimal,
    empties: new Set(['', ...(spec.texts('empty') ?? [])]),
    toUtc: createTimeZone(spec.text('timeZone') ?? 'Z'),
    columns: new Set(),
  };
}

function readObservedAt(spec: Spec, reading: RowReading): ReadValue {
  if (!spec.has('pattern')) throw new Error(`${spec.place}.pattern is missing.`);
  const read = createValue(spec, reading);
  spec.close();
  return read;
}

function readAttribute(
  name: string,
  spec: Spec,
  { reading, isTimed }: { readonly reading: RowReading; readonly isTimed: boolean },
): MappedAttribute {
  if (name === prototypeName) throw new Error(`${spec.place} cannot be the name of an attribute.`);
  const language = spec.text('language');
  const kind = readKind(spec.text('kind') ?? defaultKind(spec, language), spec.place);
  const unitCode = spec.text('unitCode');
  const isConstant = spec.has('constant');
  const attribute: MappedAttribute = {
    name,
    kind,
    language,
    read: createValue(spec, reading),
    members: unitCode === undefined ? {} : { unitCode },
    isFixed: spec.flag('fixed') || isConstant,
    isObserved: isTimed && !spec.flag('fixed') && !isConstant,
    isRequired: spec.flag('required'),
  };
  spec.close();
  if (kind === 'LanguageProperty' && language === undefined) throw new Error(`${spec.place}.language is missing.`);
  return attribute;
}

function defaultKind(spec: Spec, language: string | undefined): string {
  if (language !== undefined) return 'LanguageProperty';
  return spec.has('longitude') ? 'GeoProperty' : 'Property';
}

function readKind(text: string, place: string): Kind {
  const kind = kinds.find((one) => one === text);
  if (!kind) throw new Error(`${place}.kind must be one of ${kinds.join(', ')}, not ${quoted(text)}.`);
  return kind;
}

/** Rows are skipped when a column has one of the given texts, or is empty. */
function readSkip(rules: readonly Spec[], reading: RowReading): EntityMap['skip'] {
  const tests = rules.map((spec) => {
    const column = spec.neededText('column');
    const [texts, isEmpty] = [spec.texts('is'), spec.flag('isEmpty')];
    spec.close();
    if (texts === undefined && !isEmpty) throw new Error(`${spec.place} must have is or isEmpty.`);
    reading.columns.add(column);
    return (row: Row): string | undefined => {
      const cell = cellOf(row, column, reading);
      if (cell === undefined) return isEmpty ? `${column} is empty` : undefined;
      return texts?.includes(textOf(cell, column)) ? `${column} is ${quoted(cell)}` : undefined;
    };
  });
  return (row) => tests.map((test) => test(row)).find((reason) => reason !== undefined);
}
