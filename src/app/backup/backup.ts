/** `mlaka backup`: writes all documents of a tenant to one file, which `mlaka restore` writes to another broker. */
import type { Writable } from 'node:stream';
import { coreContextUrl } from '../../core/jsonld/known/core-context.ts';
import type { JsonObject } from '../../core/model/json.ts';
import { createClient } from '../command/client.ts';
import type { Command, Io } from '../command/command.ts';
import { brokerFlags, helpOf, keyOf, readFlags } from '../command/options.ts';
import { createProgress } from '../command/progress.ts';
import { createV2Client } from '../command/v2-import/v2-client.ts';
import { write, writeTo } from '../command/text-file.ts';
import { createSumming, type Sum } from './checksum.ts';
import { type Kind, kinds, lineText } from './line.ts';
import { NotOffered, takes } from './take.ts';
import { asksForHelp } from '../config/arguments.ts';

const flags = {
  ...brokerFlags,
  without: { form: 'KINDS', about: `Kinds that are left out, with commas: of ${kinds.join(', ')}.`, initial: '' },
  out: { form: 'FILE', about: 'Where to; empty: standard output.', initial: '' },
} as const;

const usage = `mlaka backup [OPTIONS]

Writes all @contexts, observed history, entities, registrations, and subscriptions (also those of NGSI v2) of a tenant,
a line for each, with their numbers and checksums at the end. The broker may be any that speaks NGSI-LD: Mlaka, Orion-LD, Scorpio, Stellio.

    mlaka backup --url http://old:1026 | mlaka restore - --url http://new:1026
`;

export const backup: Command = {
  name: 'backup',
  summary: 'writes everything in a broker to one file',
  async run(args, io) {
    if (asksForHelp(args)) {
      io.out.write(`${usage}${helpOf(flags)}\n`);
      return 0;
    }
    const { values } = readFlags(args, flags);
    const wanted = kindsBut(values.without);
    await writeTo(values.out, io.out, (out) => writeAll(out, { ...values, wanted }, io));
    return 0;
  },
};

interface BackupRequest {
  readonly url: string;
  readonly tenant: string;
  readonly key: string;
  readonly wanted: readonly Kind[];
}

function kindsBut(text: string): readonly Kind[] {
  const left = text.split(',').filter((name) => name !== '');
  const unknown = left.find((name) => !kinds.some((kind) => kind === name));
  if (unknown !== undefined) throw new Error(`--without names ${unknown}, which is none of ${kinds.join(', ')}.`);
  return kinds.filter((kind) => !left.includes(kind));
}

async function writeAll(
  out: Writable,
  { url, tenant, key, wanted }: BackupRequest,
  { err, signal }: Io,
): Promise<void> {
  const client = createClient({ url, tenant, key, context: coreContextUrl }, signal);
  const v2 = createV2Client({ url, service: tenant, key: keyOf(key) }, signal);
  const progress = createProgress(err, 'documents');
  await write(out, lineText({ line: 'head', backup: 1, url, tenant, takenAt: new Date().toISOString() }));
  const sums: Partial<Record<Kind, Sum>> = {};
  let done = 0;
  for (const kind of wanted) {
    try {
      sums[kind] = await writeKind(
        out,
        kind,
        counted(takes[kind](client, v2), () => progress.show((done += 1))),
      );
    } catch (error) {
      if (!(error instanceof NotOffered)) throw error;
      err.write(`${error.message} The backup is without ${kind}.\n`);
    }
  }
  await write(out, lineText({ line: 'end', sums }));
  progress.end(done);
  for (const [kind, { count, checksum }] of Object.entries(sums)) err.write(`${kind}: ${count}, ${checksum}\n`);
}

/** Writes the documents of one kind, and returns their sum. */
async function writeKind(out: Writable, kind: Kind, documents: AsyncIterable<JsonObject>): Promise<Sum> {
  const summing = createSumming();
  for await (const document of documents) {
    summing.add(document);
    await write(out, lineText({ line: 'document', kind, document }));
  }
  return summing.sum();
}

/** Yields the documents unchanged, and calls `count` for each. */
async function* counted<T>(documents: AsyncIterable<T>, count: () => void): AsyncGenerator<T> {
  for await (const document of documents) {
    count();
    yield document;
  }
}
