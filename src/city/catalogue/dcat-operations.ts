/** The operations that publish the catalogue as DCAT-AP 3.0.1: `/dcat/catalog` and `/dcat/dataset/{slug}`. */
import type { Quad } from 'n3';
import { createBoundedCache } from '../../core/jsonld/bounded-cache.ts';
import { createSingleFlight } from '../../core/jsonld/single-flight.ts';
import { badData, Problem } from '../../core/model/problem.ts';
import type {
  CallContext,
  Media,
  Operation,
  OperationRequest,
  OperationResult,
} from '../../core/operation/operation.ts';
import { readWhole } from '../../core/operation/parameters.ts';
import type { CatalogueOptions } from './catalogue-options.ts';
import { answerDocument } from './document.ts';
import type { Site } from './publication.ts';
import { type Catalogue, readCatalogue } from './read-catalogue.ts';
import { createSite } from './site.ts';
import type { RdfForm } from './write-rdf.ts';

/** The forms by the endings of their URLs. */
const forms = { ttl: 'turtle', jsonld: 'ld+json', rdf: 'rdf+xml' } as const satisfies Record<string, RdfForm>;
const media = Object.values(forms);

const mediaTypes: Readonly<Record<RdfForm, string>> = {
  turtle: 'text/turtle; charset=utf-8',
  'ld+json': 'application/ld+json',
  'rdf+xml': 'application/rdf+xml; charset=utf-8',
};

/** Characters of documents that are kept, because they need not be made again. */
const keptMax = 16 * 2 ** 20;

export function createDcatOperations(options: CatalogueOptions): readonly Operation[] {
  const kept = createBoundedCache<string>({ entriesMax: 100, weightMax: keptMax });
  const writing = createSingleFlight<string>();
  const write = async (key: string, make: () => Promise<string>): Promise<string> =>
    kept.get(key) ??
    writing(key, async () => {
      const text = await make();
      kept.set(key, text, text.length);
      return text;
    });
  const publishing = { ...options, write };
  const endings: readonly (readonly [string, readonly Media[]])[] = [
    ['', media],
    ...Object.entries(forms).map(([ending, form]) => [`.${ending}`, [form]] as const),
  ];
  return [
    ...endings.map(([ending, offered]) => catalogueOperation(`/dcat/catalog${ending}`, offered, publishing)),
    datasetOperation(publishing),
  ];
}

interface Publishing extends CatalogueOptions {
  /** The text of a key: the kept one, or a new one. */
  readonly write: (key: string, make: () => Promise<string>) => Promise<string>;
}

const head = {
  clause: '5.7.2',
  method: 'GET',
  action: 'read',
  access: 'read',
  body: 'none',
  unknownTenant: 'empty',
  takesContext: true,
} as const;

const catalogueOperation = (path: string, offered: readonly Media[], publishing: Publishing): Operation => ({
  ...head,
  name: 'readCatalogue',
  path,
  parameters: ['page', 'tenant'],
  media: offered,
  async run(request, call) {
    const site = createSite(call, publishing.publicUrl);
    const { graphOfPage, pageCount } = await import('./describe-catalogue.ts');
    const catalogue = await readCatalogue(call, publishing.irisOf);
    const page = readPage(request, pageCount(catalogue));
    const urlOfPage = (other: number): string => withParameter(site.urlOf(path), 'page', String(other));
    return answer({ call, catalogue, publishing, what: `${path} ${page}`, site }, () =>
      Promise.resolve(graphOfPage(catalogue, { site, types: publishing.types, page, urlOfPage })),
    );
  },
});

const datasetOperation = (publishing: Publishing): Operation => ({
  ...head,
  name: 'readDatasetRecord',
  path: '/dcat/dataset/{dataset}',
  parameters: ['tenant'],
  media,
  async run(request, call) {
    const site = createSite(call, publishing.publicUrl);
    const { slug, form } = readName(request);
    const catalogue = await readCatalogue(call, publishing.irisOf);
    const dataset = catalogue.published.find((one) => one.slug === slug);
    if (!dataset) throw new Problem('ResourceNotFound', `There is no public dataset named ${JSON.stringify(slug)}.`);
    const { graphOfDataset } = await import('./describe-catalogue.ts');
    const inForm = form === undefined ? call : { ...call, media: form };
    return answer({ call: inForm, catalogue, publishing, what: `dataset ${slug}`, site }, () =>
      Promise.resolve(graphOfDataset(dataset, catalogue, { site, types: publishing.types })),
    );
  },
});

interface Answering {
  readonly call: CallContext;
  readonly catalogue: Catalogue;
  readonly publishing: Publishing;
  /** Tells the documents of one catalogue apart. */
  readonly what: string;
  readonly site: Site;
}

async function answer(
  { call, catalogue, publishing, what, site }: Answering,
  makeGraph: () => Promise<readonly Quad[]>,
): Promise<OperationResult> {
  const form = formOf(call.media);
  const version = [what, form, site.urlOf('/'), call.storeName, catalogue.version].join(' ');
  return answerDocument(call, {
    mediaType: mediaTypes[form],
    version,
    content: () =>
      publishing.write(version, async () => {
        const { writeRdf } = await import('./write-rdf.ts');
        return writeRdf(await makeGraph(), form, call.services.yieldToEventLoop);
      }),
  });
}

const formOf = (chosen: Media): RdfForm => media.find((form) => form === chosen) ?? 'turtle';

/** The name of a dataset, and the form that the ending of the URL names. */
function readName({ path: { dataset = '' } }: OperationRequest): { readonly slug: string; readonly form?: RdfForm } {
  const [slug = '', ending, ...rest] = dataset.split('.');
  if (ending === undefined) return { slug };
  const form = Object.entries(forms).find(([name]) => name === ending)?.[1];
  if (form && rest.length === 0) return { slug, form };
  throw new Problem('ResourceNotFound', `A record has the ending ${Object.keys(forms).join(', ')} or none.`);
}

/** Throws BadRequestData for a page that does not exist. */
function readPage({ params }: OperationRequest, last: number): number {
  const page = readWhole(params, 'page', 1) ?? 1;
  if (page > last) throw badData(`The parameter page must be at most ${last}, not ${page}.`);
  return page;
}

const withParameter = (url: string, name: string, value: string): string =>
  `${url}${url.includes('?') ? '&' : '?'}${name}=${value}`;
