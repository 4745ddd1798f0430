/** The forms in which the files of datasets are. */

export interface FileForm {
  /** The ending of the URL. */
  readonly ending: 'csv' | 'geojson' | 'ndjson' | 'parquet';
  readonly title: string;
  /** The name in the table of file types of the European Union. */
  readonly fileType: string;
  /** The media type of the answer. */
  readonly contentType: string;
  /** The media type as it is registered. Absent: it is not. */
  readonly registered?: string;
  /** True when the form also holds histories. */
  readonly hasHistory: boolean;
}

export const fileForms: readonly FileForm[] = [
  {
    ending: 'csv',
    title: 'CSV',
    fileType: 'CSV',
    contentType: 'text/csv; charset=utf-8; header=present',
    registered: 'text/csv',
    hasHistory: true,
  },
  {
    ending: 'geojson',
    title: 'GeoJSON',
    fileType: 'GEOJSON',
    contentType: 'application/geo+json',
    registered: 'application/geo+json',
    hasHistory: false,
  },
  { ending: 'ndjson', title: 'NDJSON', fileType: 'JSON', contentType: 'application/x-ndjson', hasHistory: true },
  {
    ending: 'parquet',
    title: 'Parquet',
    fileType: 'PARQUET',
    contentType: 'application/vnd.apache.parquet',
    registered: 'application/vnd.apache.parquet',
    hasHistory: true,
  },
];

/** The forms that a dataset has files in. */
export const formsOf = (isHistory: boolean): readonly FileForm[] =>
  fileForms.filter(({ hasHistory }) => hasHistory || !isHistory);
