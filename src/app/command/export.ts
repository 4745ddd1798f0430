/** `mlaka export`: exports entities to a file: one JSON text per line, GeoJSON, CSV, or RDF. */
import type { Writable } from 'node:stream';
import { coreContextUrl } from '../../core/jsonld/known/core-context.ts';
import { isArray, type Json } from '../../core/model/json.ts';
import { type Client, createClient, detailOf, type BrokerTarget } from './client.ts';
import type { Command, Io } from './command.ts';
import { guardFlag, lineWriter } from './csv-cell.ts';
import { createReadContext } from './export/contexts.ts';
import { csvForm, flatGeojsonForm, type Form, geojsonForm, ndjsonForm } from './export/forms.ts';
import { brokerFlags, helpOf, readFlags } from './options.ts';
import { createProgress } from './progress.ts';
import { write, writeTo } from './text-file.ts';
import { unknownName } from './explain-empty.ts';
import { asksForHelp } from '../config/arguments.ts';

const flags = {
  ...brokerFlags,
  type: { form: 'TYPES', about: 'Entity types, as in the parameter type.', initial: '*' },
  context: { form: 'URL', about: 'The @context whose short names are written; empty: names in full.', initial: '' },
  format: {
    form: 'ndjson|geojson|csv|nquads',
    about: 'One entity per line, a FeatureCollection, a table of one type, or RDF statements.',
    initial: 'ndjson',
  },
  flat: {
    form: '',
    about: 'GeoJSON with values alone as properties, for QGIS and the like; lists and objects are JSON text.',
    initial: '',
  },
  ...guardFlag,
  out: { form: 'FILE', about: 'Where to; empty: standard output.', initial: '' },
} as const;

const usage = `mlaka export [OPTIONS]

Writes all entities of a broker, as they are now. NDJSON holds them whole, in the normalized form, so that they can be
read again anywhere (mlaka import FILE puts them back in). GeoJSON holds them whole, too, at their location; with --flat it
holds their values. CSV holds the values of
one type, a column for each attribute; what is no plain text or number stands in it as JSON. N-Quads (RDF) hold one statement per line; --context says what names inside of values
mean.
`;

/** Entities per page. */
const pageSize = 1000;

export const exportEntities: Command = {
  name: 'export',
  summary: 'writes entities to a file: NDJSON, GeoJSON, CSV or N-Quads',
  async run(args, { out, err, signal }) {
    if (asksForHelp(args)) {
      out.write(`${usage}${helpOf(flags)}\n`);
      return 0;
    }
    const { values } = readFlags(args, flags);
    const client = createClient(values.format === 'nquads' ? inContext(values) : values, signal);
    const form = await formOf(values, client);
    await writeTo(values.out, out, (file) => writeAll(file, form, { client, err, types: values.type }));
    return 0;
  },
};

/** The statements are made with the core context where no other is given, so the broker must not answer in its own default. */
const inContext = <Values extends { readonly context: string }>(values: Values): Values => ({
  ...values,
  context: values.context === '' ? coreContextUrl : values.context,
});

async function formOf(
  {
    format,
    type,
    context,
    flat,
    ...more
  }: BrokerTarget & Readonly<Record<'format' | 'type' | 'flat' | 'guard-formulas', string>>,
  client: Client,
): Promise<Form> {
  const isFlat = flat === 'true';
  if (isFlat && format !== 'geojson') throw new Error('--flat is for --format geojson.');
  const writeLine = lineWriter(more['guard-formulas'] === 'true', format);
  switch (format) {
    case 'ndjson':
      return ndjsonForm(context === '' ? undefined : context);
    case 'geojson':
      return (isFlat ? flatGeojsonForm : geojsonForm)(context === '' ? undefined : context);
    case 'csv':
      if (type === '*') throw new Error('--format csv needs --type: a table has the columns of one type.');
      return csvForm(await attributesOf(client, type), writeLine);
    case 'nquads':
      return rdfForm(context === '' ? undefined : context, client);
    default:
      throw new Error(`--format must be ndjson, geojson, csv or nquads, not ${format}.`);
  }
}

/** The library behind it takes a while to load, so it is loaded only where it is used. */
async function rdfForm(context: string | undefined, client: Client): Promise<Form> {
  const { nquadsForm } = await import('./export/nquads.ts');
  return nquadsForm(context, createReadContext(client));
}

/** The names of all attributes of a type. */
async function attributesOf(client: Client, type: string): Promise<readonly string[]> {
  const { status, body } = await client.send('GET', `/types/${encodeURIComponent(type)}`);
  if (status !== 200) throw new Error(`The type ${type} cannot be written: ${detailOf(body)}`);
  const names = [...JSON.stringify(body).matchAll(/"attributeName":("(?:[^"\\]|\\.)*")/g)];
  return names.map(([, name = '""']) => String(JSON.parse(name))).sort();
}

interface Export {
  readonly client: Client;
  readonly err: Io['err'];
  readonly types: string;
}

async function writeAll(out: Writable, form: Form, { client, err, types }: Export): Promise<void> {
  const progress = createProgress(err, 'entities');
  let done = 0;
  await write(out, form.head);
  for await (const { entities, total } of pagesOf(client, types, form.query)) {
    const texts: string[] = [];
    for (const entity of entities) texts.push(await form.textOf(entity));
    if (texts.length > 0) await write(out, `${done > 0 ? form.between : ''}${texts.join(form.between)}`);
    done += entities.length;
    progress.show(done, total === 0 ? 1 : done / total);
  }
  const unknown = done === 0 && types !== '*' ? await unknownName(client, { type: types }) : undefined;
  if (unknown !== undefined) throw new Error(`There is nothing to write. ${unknown}`);
  await write(out, form.tail(done));
  progress.end(done);
}

interface Page {
  readonly entities: readonly Json[];
  /** The number of entities on all pages. */
  readonly total: number;
}

/** Yields the pages of all entities in order. */
async function* pagesOf(client: Client, types: string, query: string): AsyncGenerator<Page> {
  const all = `/entities?type=${encodeURIComponent(types)}&limit=${pageSize}&count=true${query}`;
  for (let offset = 0; ; offset += pageSize) {
    const { status, body, headers } = await client.send('GET', `${all}&offset=${offset}`);
    if (status !== 200 || !isArray(body)) throw new Error(`The broker answered ${status}: ${detailOf(body)}`);
    yield { entities: body, total: Number(headers.get('NGSILD-Results-Count') ?? 0) };
    if (body.length < pageSize) return;
  }
}
