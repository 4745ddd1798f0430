/** Explains the columns of a CSV file for machines: W3C Metadata Vocabulary for Tabular Data. */
import type { JsonObject } from '../../../core/model/json.ts';
import type { Description, LocalText } from '../description.ts';
import type { CellType, Column } from './table.ts';

const datatypes: Readonly<Record<CellType, string>> = {
  string: 'string',
  number: 'double',
  integer: 'integer',
  boolean: 'boolean',
  time: 'dateTime',
  json: 'json',
};

export const columnMetadata = (
  { localTexts, text }: Description,
  { url, columns, isLatest }: { readonly url: string; readonly columns: readonly Column[]; readonly isLatest: boolean },
): JsonObject => ({
  '@context': 'http://www.w3.org/ns/csvw',
  url,
  'dc:title': valuesOf(localTexts('title')),
  'dc:description': valuesOf(localTexts('description')),
  ...(text('license') === undefined ? undefined : { 'dc:license': { '@id': text('license') ?? '' } }),
  dialect: { encoding: 'utf-8', lineTerminators: ['\r\n'], header: true, delimiter: ',' },
  tableSchema: {
    columns: columns.map(describeColumn),
    ...(isLatest ? { primaryKey: 'id' } : undefined),
  },
});

/** `schema:unitCode` lists the units that occur. */
export function describeColumn(
  { name, type, iri, about, units = [], isRequired = false }: Column,
  index: number,
): JsonObject {
  return {
    // Names of CSVW are variables of URI templates: IRIs are none.
    name: /^\w+$/.test(name) ? name : `column${index + 1}`,
    titles: name,
    datatype: datatypes[type],
    ...(about === undefined ? undefined : { 'dc:description': about }),
    ...(iri === undefined ? undefined : { propertyUrl: iri }),
    ...(units.length === 0 ? undefined : { 'schema:unitCode': units.length === 1 ? (units[0] ?? '') : units }),
    ...(isRequired ? { required: true } : undefined),
  };
}

const valuesOf = (texts: readonly LocalText[]): readonly JsonObject[] =>
  texts.map(({ text, language }) => ({
    '@value': text,
    ...(language === undefined ? undefined : { '@language': language }),
  }));
