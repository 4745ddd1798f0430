/** `mlaka restore`: writes a backup to a broker, and verifies that every document arrived unchanged. */
import { createReadStream } from 'node:fs';
import { stdin } from 'node:process';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { coreContextUrl } from '../../core/jsonld/known/core-context.ts';
import type { JsonObject } from '../../core/model/json.ts';
import { createClient } from '../command/client.ts';
import type { Command, Io } from '../command/command.ts';
import { brokerFlags, helpOf, keyOf, readFlags } from '../command/options.ts';
import { createProgress } from '../command/progress.ts';
import { createV2Client } from '../command/v2-import/v2-client.ts';
import { createSumming, type Summing } from './checksum.ts';
import { type Kind, kinds, type Line, parseLine } from './line.ts';
import { createPuts, type Flaw, type Put } from './put.ts';
import { asksForHelp } from '../config/arguments.ts';

const usage = `mlaka restore FILE [OPTIONS]

Puts a backup into a running broker; - stands for standard input. Each document is read back and compared. What is there
already is replaced, subscriptions and registrations are left as they are. A restore that broke off can be run again.
`;

/** Documents per write. */
const batchSize = 500;
/** The number of flaws that the output lists one by one. */
const flawsMax = 20;

export const restore: Command = {
  name: 'restore',
  summary: 'puts a backup into a broker, and compares',
  async run(args, io) {
    if (asksForHelp(args)) {
      io.out.write(`${usage}${helpOf(brokerFlags)}\n`);
      return 0;
    }
    const { values, rest } = readFlags(args, brokerFlags, 1);
    const [file] = rest;
    if (file === undefined) throw new Error('Name one file to restore, or - for standard input.');
    const { url, tenant, key } = values;
    const v2 = createV2Client({ url, service: tenant, key: keyOf(key) }, io.signal);
    const puts = createPuts({ client: createClient({ ...values, context: coreContextUrl }, io.signal), v2, url });
    const flaws = await restoreAll(linesOf(file), puts, io);
    return flaws === 0 ? 0 : 1;
  },
};

async function* linesOf(file: string): AsyncGenerator<Line> {
  const input = file === '-' ? stdin : createReadStream(file);
  let number = 0;
  for await (const text of createInterface({ input })) {
    number += 1;
    if (text.trim() === '') continue;
    try {
      yield parseLine(text);
    } catch (cause) {
      throw new Error(`Line ${number}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
}

interface Work {
  readonly puts: Readonly<Record<Kind, Put>>;
  readonly summings: Readonly<Record<Kind, Summing>>;
  readonly io: Io;
  readonly progress: ReturnType<typeof createProgress>;
  done: number;
  flaws: number;
}

/** Writes all documents, and returns how many are missing or different in the broker. */
async function restoreAll(lines: AsyncIterable<Line>, puts: Work['puts'], io: Io): Promise<number> {
  const summings = {
    context: createSumming(),
    history: createSumming(),
    entity: createSumming(),
    registration: createSumming(),
    subscription: createSumming(),
    registrationSubscription: createSumming(),
    v2Subscription: createSumming(),
  };
  const work: Work = { puts, summings, io, progress: createProgress(io.err, 'documents'), done: 0, flaws: 0 };
  let batch: { readonly kind: Kind; readonly documents: JsonObject[] } = { kind: 'context', documents: [] };
  let end: Extract<Line, { line: 'end' }> | undefined;
  for await (const line of lines) {
    io.signal.throwIfAborted();
    if (line.line === 'end') end = line;
    if (line.line !== 'document') continue;
    if (line.kind !== batch.kind || batch.documents.length === batchSize) {
      await settle(batch.kind, batch.documents, work);
      batch = { kind: line.kind, documents: [] };
    }
    batch.documents.push(line.document);
  }
  await settle(batch.kind, batch.documents, work);
  work.progress.end(work.done);
  if (!end) throw new Error('The backup is not whole: its last line is missing. What it holds was put in.');
  conclude(end, work);
  return work.flaws;
}

async function settle(kind: Kind, documents: readonly JsonObject[], work: Work): Promise<void> {
  if (documents.length === 0) return;
  for (const document of documents) work.summings[kind].add(document);
  const flaws = await work.puts[kind](documents);
  for (const [n, flaw] of flaws.entries()) if (work.flaws + n < flawsMax) tell(flaw, work.io.out);
  work.flaws += flaws.length;
  work.done += documents.length;
  work.progress.show(work.done);
}

const tell = ({ kind, id, reason }: Flaw, out: Writable): boolean => out.write(`${kind} ${id}: ${reason}\n`);

/** Compares the documents that were read with the sums in the backup. Throws an Error when they differ. */
function conclude({ sums }: Extract<Line, { line: 'end' }>, { summings, flaws, io }: Work): void {
  for (const kind of kinds) {
    const [read, written] = [summings[kind].sum(), sums[kind]];
    if (!written && read.count === 0) continue;
    if (read.count !== written?.count || read.checksum !== written.checksum)
      throw new Error(
        `The backup was damaged on its way: of ${kind}, ${read.count} were read and ${written?.count ?? 0} written, and they are not the same.`,
      );
    io.out.write(`${kind}: ${read.count}\n`);
  }
  io.out.write(flaws === 0 ? 'Everything is there as it was.\n' : `${flaws} documents are not there as they were.\n`);
}
