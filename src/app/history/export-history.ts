/** `mlaka history`: writes what entities were like, a row for each instance, for tools that read tables. */
import { createClient } from '../command/client.ts';
import type { Command, Io } from '../command/command.ts';
import { brokerFlags, helpOf, readFlags } from '../command/options.ts';
import { createProgress } from '../command/progress.ts';
import { readHistories, type Wanted } from './read-history.ts';
import { rowsOf } from './rows.ts';
import { formats, openRowFile, type RowFile } from './write-rows.ts';

const flags = {
  ...brokerFlags,
  type: { form: 'TYPES', about: 'Entity types, as in the parameter type.', initial: '*' },
  id: { form: 'IDS', about: 'Entity ids with commas; empty: all.', initial: '' },
  attrs: { form: 'NAMES', about: 'Attributes with commas; empty: all.', initial: '' },
  from: { form: 'TIME', about: 'A day or a UTC time to begin at; empty: the beginning.', initial: '' },
  to: { form: 'TIME', about: 'A day or a UTC time to stop before; empty: the end.', initial: '' },
  timeproperty: {
    form: 'observedAt|modifiedAt|createdAt|deletedAt|any',
    about:
      'Which time is meant: only instances that have it. By any, what was not observed is found by modifiedAt. Empty: observedAt with --from or --to, else any. Deletions have modifiedAt and deletedAt.',
    initial: '',
  },
  format: { form: formats.join('|'), about: 'The format of the file.', initial: 'csv' },
  out: { form: 'FILE', about: 'Where to; empty: standard output.', initial: '' },
} as const;

const usage = `mlaka history [OPTIONS]

Writes the history of a broker's entities to a file, a row for each instance. Types and attributes are named as in the
core @context: by short name, or by IRI.
`;

export const exportHistory: Command = {
  name: 'history',
  summary: 'writes history to a file: CSV, NDJSON or Parquet',
  async run(args, io) {
    if (args.includes('--help')) {
      io.out.write(`${usage}${helpOf(flags)}\n`);
      return 0;
    }
    const { values } = readFlags(args, flags);
    const format = formats.find((one) => one === values.format);
    if (!format) throw new Error(`--format must be one of ${formats.join(', ')}, not ${values.format}.`);
    await writeAll(openRowFile(format, values.out, io.out), values, io);
    return 0;
  },
};

async function writeAll(
  file: RowFile,
  wanted: Wanted & { readonly url: string; readonly tenant: string },
  { err, signal }: Io,
): Promise<void> {
  const progress = createProgress(err, 'instances');
  let done = 0;
  for await (const part of readHistories(createClient(wanted, signal), wanted)) {
    const rows = rowsOf(part);
    await file.add(rows);
    done += rows.length;
    progress.show(done);
  }
  await file.end();
  progress.end(done);
}
