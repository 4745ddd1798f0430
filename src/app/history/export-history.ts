/** `mlaka history`: exports the history of entities as a table with one row per instance. */
import { type Client, createClient, type BrokerTarget } from '../command/client.ts';
import type { Command, Io } from '../command/command.ts';
import { guardFlag, lineWriter } from '../command/csv-cell.ts';
import { brokerFlags, helpOf, readFlags } from '../command/options.ts';
import { createProgress } from '../command/progress.ts';
import { unknownName } from '../command/explain-empty.ts';
import { readHistories, type HistorySelection } from './read-history.ts';
import { rowsOf } from './rows.ts';
import { type AddRows, formats, writeRows } from './write-rows.ts';
import { asksForHelp } from '../config/arguments.ts';

const flags = {
  ...brokerFlags,
  type: { form: 'TYPES', about: 'Entity types, as in the parameter type.', initial: '*' },
  id: { form: 'IDS', about: 'Entity ids with commas; empty: all.', initial: '' },
  context: {
    form: 'URL',
    about: 'The @context of the names; empty: the core context, IRIs where it has none.',
    initial: '',
  },
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
  ...guardFlag,
  out: { form: 'FILE', about: 'Where to; empty: standard output.', initial: '' },
} as const;

const usage = `mlaka history [OPTIONS]

Writes the history of a broker's entities to a file, a row for each instance. Types and attributes are named as in the
@context: by short name, or by IRI. Where there is none, it is said why, no file is written, and the exit code is 1.
`;

export const exportHistory: Command = {
  name: 'history',
  summary: 'writes history to a file: CSV, NDJSON or Parquet',
  async run(args, io) {
    if (asksForHelp(args)) {
      io.out.write(`${usage}${helpOf(flags)}\n`);
      return 0;
    }
    const { values } = readFlags(args, flags);
    const format = formats.find((one) => one === values.format);
    if (!format) throw new Error(`--format must be one of ${formats.join(', ')}, not ${values.format}.`);
    const writeLine = lineWriter(values['guard-formulas'] === 'true', format);
    await writeRows({ format, path: values.out, out: io.out, writeLine }, (add) => addAll(add, values, io));
    return 0;
  },
};

async function addAll(add: AddRows, wanted: HistorySelection & BrokerTarget, { err, signal }: Io): Promise<void> {
  const client = createClient(wanted, signal);
  const progress = createProgress(err, 'instances');
  let done = 0;
  for await (const part of readHistories(client, wanted)) {
    const rows = rowsOf(part);
    if (rows.length > 0) await add(rows);
    done += rows.length;
    progress.show(done);
  }
  if (done === 0) throw new Error(`There is nothing to write. ${await whyNone(client, wanted)}`);
  progress.end(done);
}

async function whyNone(client: Client, wanted: HistorySelection): Promise<string> {
  const unknown = await unknownName(client, wanted);
  if (unknown !== undefined) return unknown;
  const { id, from, to, timeproperty } = wanted;
  const isTimed = from !== '' || to !== '';
  const parts = [
    id === '' ? '' : ` of ${id}`,
    from === '' ? '' : ` from ${from}`,
    to === '' ? '' : ` before ${to}`,
    timeproperty === '' ? '' : ` by ${timeproperty}`,
  ].join('');
  const isObserved = timeproperty === 'observedAt' || (timeproperty === '' && isTimed);
  const hint = isObserved ? ' What was never observed is found with --timeproperty modifiedAt.' : '';
  return `There is no instance${parts}.${hint}`;
}
