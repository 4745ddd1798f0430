/** The latest values of a dataset as a table: one row for each entity. */
import type { Instance } from '../../../core/model/attribute.ts';
import { compareInstants } from '../../../core/model/instant.ts';
import { isArray, isObject, type Json } from '../../../core/model/json.ts';
import type { CallContext } from '../../../core/operation/operation.ts';
import type { Stored } from '../../../core/port/store.ts';
import { type AttributeProfile, pagesOf, type Profile, shownOf } from './profile.ts';
import type { Selection } from './selection.ts';
import { cellText, type CellType, type Column, type Row, type Table } from './table.ts';

/** A column with the value that it has of an entity. */
interface Reading {
  readonly column: Column;
  readonly read: (shown: Shown) => Json;
}

interface Shown {
  readonly stored: Stored;
  readonly instances: ReadonlyMap<string, Instance>;
}

export interface LatestOptions {
  readonly selection: Selection;
  readonly profile: Profile;
  /** In words, by expanded name. */
  readonly meanings: ReadonlyMap<string, string>;
  /** The languages of texts, the preferred one first. */
  readonly languages: readonly string[];
  /** True: geometries stay geometries. False: a point becomes two numbers. */
  readonly keepsGeometries: boolean;
}

/** The columns: id, type, when the newest value was observed, and the attributes in the order of their names. */
function readingsOf({ selection, profile, meanings, languages, keepsGeometries }: LatestOptions): readonly Reading[] {
  const { context } = selection;
  const named = [...profile.attributes.values()]
    .map((attribute) => ({ attribute, name: context.compact(attribute.iri) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return [
    {
      column: { name: 'id', type: 'string', isRequired: true, about: 'The id of the entity.' },
      read: ({ stored }) => stored.id,
    },
    {
      column: { name: 'type', type: 'string', isRequired: true, about: 'The type of the entity.' },
      read: ({ stored }) =>
        stored
          .entity()
          .types.map((type) => context.compact(type))
          .join(' '),
    },
    ...(profile.isObserved ? [observedReading] : []),
    ...named.flatMap(({ attribute, name }) => {
      const about = meanings.get(attribute.iri);
      const column = {
        name,
        iri: attribute.iri,
        ...(about === undefined ? {} : { about }),
        units: [...attribute.units],
      };
      return attributeReadings(attribute, column, { languages, keepsGeometries });
    }),
  ];
}

const observedReading: Reading = {
  column: { name: 'observedAt', type: 'time', about: 'When the newest of the values was observed, in UTC.' },
  read: ({ instances }) =>
    [...instances.values()]
      .flatMap(({ observedAt }) => observedAt ?? [])
      .sort(compareInstants)
      .at(-1) ?? null,
};

function attributeReadings(
  { iri, types }: AttributeProfile,
  column: Omit<Column, 'type'>,
  { languages, keepsGeometries }: Pick<LatestOptions, 'languages' | 'keepsGeometries'>,
): readonly Reading[] {
  const isPoint = types.size === 1 && types.has('point');
  if (isPoint && !keepsGeometries)
    return ['longitude', 'latitude'].map((axis, n) => ({
      column: {
        ...column,
        name: `${column.name}_${axis}`,
        type: 'number',
        about: `${column.about ?? column.name}: ${axis}, WGS 84.`,
      },
      read: ({ instances }) => coordinateOf(instances.get(iri)?.value ?? null, n),
    }));
  const type = columnType(types);
  return [{ column: { ...column, type }, read: ({ instances }) => valueOf(instances.get(iri), { languages, type }) }];
}

/** One type for a column whose values have several: numbers for integers and others, JSON for the rest. */
function columnType(types: AttributeProfile['types']): CellType {
  const [only = 'json'] = types;
  if (types.size === 1) return only === 'point' ? 'json' : only;
  if ([...types].every((type) => type === 'integer' || type === 'number')) return 'number';
  return [...types].every((type) => type === 'string' || type === 'time') ? 'string' : 'json';
}

const coordinateOf = (point: Json, index: number): Json => {
  const coordinates = isObject(point) ? point['coordinates'] : undefined;
  return isArray(coordinates) ? (coordinates[index] ?? null) : null;
};

function valueOf(
  instance: Instance | undefined,
  { languages, type }: { readonly languages: readonly string[]; readonly type: CellType },
): Json {
  if (!instance) return null;
  const { kind, value } = instance;
  if (kind === 'LanguageProperty') return isObject(value) ? textIn(value, languages) : null;
  return type === 'string' && isArray(value) ? value.map(cellText).join(' ') : value;
}

function textIn(map: Readonly<Record<string, Json>>, languages: readonly string[]): Json {
  const tag = [...languages, '@none'].find((language) => map[language] !== undefined) ?? Object.keys(map)[0];
  const text = tag === undefined ? null : (map[tag] ?? null);
  return isArray(text) ? text.map(cellText).join(' ') : text;
}

export const latestColumns = (options: LatestOptions): readonly Column[] =>
  readingsOf(options).map(({ column }) => column);

export function latestTable(options: LatestOptions, call: CallContext): Table {
  const readings = readingsOf(options);
  return { columns: readings.map(({ column }) => column), rows: rowsOf(readings, options.selection, call) };
}

async function* rowsOf(
  readings: readonly Reading[],
  selection: Selection,
  call: CallContext,
): AsyncGenerator<readonly Row[]> {
  for await (const page of pagesOf(selection, call)) {
    const rows: Row[] = [];
    for (const stored of page) {
      const pause = call.services.yieldToEventLoop();
      if (pause) await pause;
      const instances = new Map(shownOf(stored, selection).map(({ iri, instance }) => [iri, instance]));
      rows.push(readings.map(({ read }) => read({ stored, instances })));
    }
    yield rows;
  }
}
