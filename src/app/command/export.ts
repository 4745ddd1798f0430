/** `mlaka export`: writes the entities of a broker to a file, one JSON text per line, or as GeoJSON. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { isArray, isObject, type Json } from '../../core/model/json.ts';
import { type Client, createClient, detailOf } from './client.ts';
import type { Command } from './command.ts';
import { brokerFlags, helpOf, readFlags } from './options.ts';
import { createProgress } from './progress.ts';

const flags = {
  ...brokerFlags,
  type: { form: 'TYPES', about: 'Entity types, as in the parameter type.', initial: '*' },
  format: { form: 'ndjson|geojson', about: 'One entity per line, or a FeatureCollection.', initial: 'ndjson' },
  out: { form: 'FILE', about: 'Where to; empty: standard output.', initial: '' },
} as const;

const usage = `mlaka export [OPTIONS]

Writes all entities of a broker in the normalized form with full names, so that they can be read again anywhere
(mlaka import FILE puts NDJSON back in).
`;

/** Entities on a page. */
const pageSize = 500;

export const exportEntities: Command = {
  name: 'export',
  summary: 'writes entities to a file: NDJSON or GeoJSON',
  async run(args, { out, err, signal }) {
    if (args.includes('--help')) {
      out.write(`${usage}${helpOf(flags)}\n`);
      return 0;
    }
    const { values } = readFlags(args, flags);
    if (values.format !== 'ndjson' && values.format !== 'geojson')
      throw new Error(`--format must be ndjson or geojson, not ${values.format}.`);
    const file = values.out === '' ? out : createWriteStream(values.out);
    const client = createClient(values, signal);
    const progress = createProgress(err, 'entities');
    const done = await writeAll(file, pagesOf(client, values.type), {
      isGeo: values.format === 'geojson',
      onPage: (done) => progress.show(done),
    });
    if (file !== out) {
      file.end();
      await finished(file);
    }
    progress.end(done);
    return 0;
  },
};

async function writeAll(
  file: Writable,
  pages: AsyncIterable<readonly Json[]>,
  { isGeo, onPage }: { isGeo: boolean; onPage: (done: number) => void },
): Promise<number> {
  let done = 0;
  if (isGeo) await write(file, '{"type":"FeatureCollection","features":[\n');
  for await (const page of pages) {
    const texts = page.map((entity) => JSON.stringify(isGeo ? featureOf(entity) : entity));
    const separator = isGeo ? ',\n' : '\n';
    if (texts.length > 0)
      await write(file, `${isGeo && done > 0 ? separator : ''}${texts.join(separator)}${isGeo ? '' : '\n'}`);
    done += page.length;
    onPage(done);
  }
  if (isGeo) await write(file, '\n]}\n');
  return done;
}

async function write(file: Writable, text: string): Promise<void> {
  if (!file.write(text)) await once(file, 'drain');
}

/** The pages of all entities, one after the other. Names stay in full: the export is asked for in the core context. */
async function* pagesOf(client: Client, type: string): AsyncGenerator<readonly Json[]> {
  for (let offset = 0; ; offset += pageSize) {
    const { status, body } = await client.send(
      'GET',
      `/entities?type=${encodeURIComponent(type)}&limit=${pageSize}&offset=${offset}`,
    );
    if (status !== 200 || !isArray(body)) throw new Error(`The broker answered ${status}: ${detailOf(body)}`);
    yield body;
    if (body.length < pageSize) return;
  }
}

function featureOf(entity: Json): Json {
  if (!isObject(entity)) return entity;
  const { id = null, ...properties } = entity;
  const { location } = properties;
  return { id, type: 'Feature', geometry: isObject(location) ? (location['value'] ?? null) : null, properties };
}
