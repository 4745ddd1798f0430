/** The operations that give the files of datasets: `/data/{slug}.csv` and so on, and the table of columns of the CSV file. */
import { Problem } from '../../../core/model/problem.ts';
import type {
  CallContext,
  DocumentContent,
  Operation,
  OperationRequest,
  OperationResult,
} from '../../../core/operation/operation.ts';
import { createSingleFlight, type SingleFlight } from '../../../core/jsonld/single-flight.ts';
import { perform } from '../../../core/operation/perform.ts';
import { rightsKey } from '../../../core/operation/rights-key.ts';
import type { CatalogueOptions } from '../catalogue-options.ts';
import type { Dataset } from '../dataset.ts';
import { answerDocument } from '../document.ts';
import type { Site } from '../publication.ts';
import { type Catalogue, readCatalogue } from '../read-catalogue.ts';
import { createSite } from '../site.ts';
import { columnMetadata } from './column-metadata.ts';
import { fileForms, type FileForm } from './file-forms.ts';
import { historyColumns, historyTable } from './history.ts';
import { latestColumns, type LatestOptions, latestTable } from './latest.ts';
import { type Profile, profileOf } from './profile.ts';
import { isHistory, selectionOf } from './selection.ts';
import type { Table } from './table.ts';
import { csvPieces, geojsonPieces, ndjsonPieces } from './write-text.ts';

const head = {
  clause: '5.7.2',
  method: 'GET',
  action: 'read',
  body: 'none',
  unknownTenant: 'empty',
  takesContext: true,
  path: '/data/{file}',
  parameters: ['tenant'],
  media: ['csv'],
} as const;

/** What is asked for: a file in a form, or the columns of the CSV file. */
interface Wanted {
  readonly slug: string;
  readonly form: FileForm | 'columns';
}

export function createFileOperations(options: CatalogueOptions): readonly Operation[] {
  const profiles = createSingleFlight<Profile>();
  const history: Operation = {
    ...head,
    name: 'readDatasetHistory',
    access: 'history',
    async run(request, call) {
      const { slug, form } = readName(request);
      const { dataset } = await findDataset(slug, options, call);
      const selection = await selectionOf(dataset, options.types, call);
      if (form === 'columns')
        return columnsAnswer(dataset, { call, options, columns: historyColumns, isLatest: false });
      const version = ['history', slug, form.ending, await call.position(), rightsKey(call)].join(' ');
      return answerDocument(call, {
        ...headOf(form, dataset, createSite(call, options.publicUrl)),
        version,
        content: () => contentOf(form, historyTable(selection, call)),
      });
    },
  };
  return [
    {
      ...head,
      name: 'readDatasetFile',
      access: 'read',
      async run(request, call) {
        const wanted = readName(request);
        const { dataset, catalogue } = await findDataset(wanted.slug, options, call);
        if (!isHistory(dataset.about))
          return latestAnswer(wanted.form, { dataset, catalogue, call, options, profiles });
        if (wanted.form !== 'columns' && !wanted.form.hasHistory)
          throw new Problem(
            'ResourceNotFound',
            `The dataset ${wanted.slug} is a history, which has no file in ${wanted.form.title}.`,
          );
        // Histories have a right of their own.
        return perform(history, request, { caller: call, services: call.services });
      },
    },
  ];
}

/** Throws ResourceNotFound for a name without a known ending. */
function readName({ path: { file = '' } }: OperationRequest): Wanted {
  const dot = file.indexOf('.');
  const [slug, ending] = dot < 0 ? [file, ''] : [file.slice(0, dot), file.slice(dot + 1)];
  if (ending === 'csv-metadata.json') return { slug, form: 'columns' };
  const form = fileForms.find((one) => one.ending === ending);
  if (form) return { slug, form };
  const endings = fileForms.map((one) => `.${one.ending}`).join(', ');
  throw new Problem('ResourceNotFound', `Files of datasets end in ${endings}; the columns are in .csv-metadata.json.`);
}

/** Anonymous callers get the datasets of the public catalogue, others all that they may read. Throws ResourceNotFound. */
async function findDataset(
  slug: string,
  { irisOf }: CatalogueOptions,
  call: CallContext,
): Promise<{ readonly dataset: Dataset; readonly catalogue: Catalogue }> {
  const catalogue = await readCatalogue(call, irisOf);
  const { datasets, published } = catalogue;
  const visible = call.principal.identity.kind === 'anonymous' ? published : datasets;
  const dataset = visible.find((one) => one.slug === slug);
  if (!dataset) throw new Problem('ResourceNotFound', `There is no public dataset named ${JSON.stringify(slug)}.`);
  return { dataset, catalogue };
}

interface Answering {
  /** Callers who ask at the same time for the same data with the same rights share the look at all entities. */
  readonly profiles: SingleFlight<Profile>;
  readonly dataset: Dataset;
  readonly catalogue: Catalogue;
  readonly call: CallContext;
  readonly options: CatalogueOptions;
}

async function latestAnswer(
  form: Wanted['form'],
  { dataset, catalogue, call, options, profiles }: Answering,
): Promise<OperationResult> {
  const selection = await selectionOf(dataset, options.types, call);
  const key = JSON.stringify([dataset.slug, await call.position(), rightsKey(call)]);
  const profile = await profiles(key, () => profileOf(selection, call));
  const latest: LatestOptions = {
    selection,
    profile,
    meanings: options.types.meaningsOf(selection.types, selection.context),
    languages: catalogue.about?.texts('language') ?? ['sl', 'en'],
    keepsGeometries: form !== 'columns' && (form.ending === 'geojson' || form.ending === 'ndjson'),
  };
  if (form === 'columns')
    return columnsAnswer(dataset, { call, options, columns: latestColumns(latest), isLatest: true });
  // The description of the dataset selects what is in the file, and languages come from that of the catalogue.
  const version = ['latest', dataset.slug, form.ending, catalogue.version, profile.version].join(' ');
  return answerDocument(call, {
    ...headOf(form, dataset, createSite(call, options.publicUrl)),
    version,
    content: () => contentOf(form, latestTable(latest, call)),
  });
}

function headOf(form: FileForm, { slug }: Dataset, site: Site) {
  const columns = site.urlOf(`/data/${slug}.csv-metadata.json`);
  const link =
    form.ending === 'csv' ? { Link: `<${columns}>; rel="describedby"; type="application/csvm+json"` } : undefined;
  return {
    mediaType: form.contentType,
    headers: { 'Content-Disposition': `attachment; filename="${slug}.${form.ending}"`, ...link },
  };
}

function columnsAnswer(
  { about, slug }: Dataset,
  {
    call,
    options,
    columns,
    isLatest,
  }: Pick<Answering, 'call' | 'options'> & { readonly columns: Table['columns']; readonly isLatest: boolean },
): Promise<OperationResult> {
  const url = createSite(call, options.publicUrl).urlOf(`/data/${slug}.csv`);
  const text = `${JSON.stringify(columnMetadata(about, { url, columns, isLatest }), undefined, 1)}\n`;
  return answerDocument(call, {
    mediaType: 'application/csvm+json',
    version: text,
    content: () => Promise.resolve(text),
  });
}

/** The first piece is made before anything is sent, so that a problem with it can be reported. */
async function contentOf({ ending }: FileForm, table: Table): Promise<DocumentContent> {
  const pieces = await piecesOf(ending, table);
  const { value: begin = '', done = false } = await pieces.next();
  return done ? begin : { begin, rest: pieces };
}

type Pieces = AsyncGenerator<string | Uint8Array, undefined>;

async function piecesOf(ending: FileForm['ending'], table: Table): Promise<Pieces> {
  switch (ending) {
    case 'csv':
      return csvPieces(table);
    case 'geojson':
      return geojsonPieces(table);
    case 'ndjson':
      return ndjsonPieces(table);
    case 'parquet': {
      const { parquetPieces } = await import('./write-parquet.ts');
      return parquetPieces(table);
    }
  }
}
