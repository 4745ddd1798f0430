/** `mlaka models`: lists the data models, shows one in words, and checks entities of files against them. */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { isArray, type Json, parseGiven } from '../../core/model/json.ts';
import { createEntityCheck, type EntityVerdict } from '../../city/models/check-entity.ts';
import { describeModels, modelPage } from '../../city/models/model-page.ts';
import { asksForHelp } from '../config/arguments.ts';
import { packagedModels } from '../folders.ts';
import type { Command, Io } from './command.ts';
import { helpOf, readFlags } from './options.ts';
import { write } from './text-file.ts';

const flags = {
  'models-folder': { form: 'FOLDER', about: 'Folder of the models; empty: those of the package.', initial: '' },
  quiet: { form: '', about: 'Print only what is refused, and the sum.', initial: '' },
} as const;

const usage = `mlaka models list | show TYPE | check FILE... [OPTIONS]

list   prints each type that has a model, and what it is for.
show   prints a model in words: attribute, meaning, values, unit.
check  reads entities from JSON files (one entity or a list) and from NDJSON files (.ndjson, .jsonl), and says of each whether
       its model accepts it. NGSI-LD normalized, concise or simplified, NGSI v2 normalized or keyValues. Needs no broker.
       The exit code is 0 when there are entities and all are accepted; an entity whose type has no model is not.
`;

export const models: Command = {
  name: 'models',
  summary: 'lists and shows the data models, and checks files against them',
  async run(args, io) {
    if (asksForHelp(args)) {
      io.out.write(`${usage}${helpOf(flags)}\n`);
      return 0;
    }
    const { values, rest } = readFlags(args, flags, filesMax + 1);
    const folder = values['models-folder'] === '' ? packagedModels : values['models-folder'];
    const [action, ...names] = rest;
    if (action === 'list' && names.length === 0) return list(folder, io);
    if (action === 'show' && names.length === 1) return show(folder, names[0] ?? '', io);
    if (action === 'check' && names.length > 0) return check(names, { folder, isQuiet: values.quiet === 'true' }, io);
    throw new Error('Say what to do: models list, models show TYPE or models check FILE.');
  },
};

const filesMax = 10_000;

async function list(folder: string, { out }: Io): Promise<number> {
  const all = describeModels(folder);
  const width = Math.max(...all.map(({ name }) => name.length));
  for (const { name, about } of all) await write(out, `${name.padEnd(width)}  ${about}\n`);
  return 0;
}

async function show(folder: string, name: string, { out }: Io): Promise<number> {
  const page = modelPage(folder, name);
  if (page === undefined) throw new Error(`There is no data model of the type ${name}. mlaka models list shows them.`);
  await write(out, page);
  return 0;
}

async function check(
  files: readonly string[],
  { folder, isQuiet }: { readonly folder: string; readonly isQuiet: boolean },
  { out }: Io,
): Promise<number> {
  const checkEntity = createEntityCheck(folder);
  const counts = { accepted: 0, refused: 0, 'without a model': 0 };
  for (const file of files) {
    for await (const entity of entitiesIn(file)) {
      const verdict = entity instanceof Flaw ? unread(entity) : await checkEntity(entity);
      const outcome = outcomeOf(verdict);
      counts[outcome]++;
      if (!isQuiet || outcome !== 'accepted') await write(out, linesOf(file, outcome, verdict));
    }
  }
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const sums = Object.entries(counts).map(([outcome, count]) => `${count} ${outcome}`);
  await write(out, `${sums.join(', ')}\n`);
  return total > 0 && counts.accepted === total ? 0 : 1;
}

type Outcome = 'accepted' | 'refused' | 'without a model';

const outcomeOf = ({ faults, hasModel }: EntityVerdict): Outcome =>
  faults.length > 0 ? 'refused' : hasModel ? 'accepted' : 'without a model';

const linesOf = (file: string, outcome: Outcome, { id, type, form, faults }: EntityVerdict): string =>
  [`${outcome}: ${file} ${type} ${id} (${form})`, ...faults.map((fault) => `  ${fault}`), ''].join('\n');

/** A JSON file is read as a whole; larger ones are refused. */
const jsonBytesMax = 256 * 1024 * 1024;

/** A text that is not JSON. The other texts are checked all the same. */
class Flaw extends Error {}

const unread = ({ message }: Flaw): EntityVerdict => ({
  id: '',
  type: '',
  form: 'normalized',
  hasModel: false,
  faults: [message],
});

async function* entitiesIn(file: string): AsyncGenerator<Json | Flaw> {
  if (/\.(ndjson|jsonl)$/i.test(file)) {
    let number = 0;
    for await (const line of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })) {
      number++;
      if (line.trim() !== '') yield parsed(line, `Line ${number}`);
    }
    return;
  }
  if ((await stat(file)).size > jsonBytesMax) throw new Error(`${file} is larger than 256 MiB. Write it as NDJSON.`);
  const json = parsed(await readFile(file, 'utf8'), 'The file');
  if (!(json instanceof Flaw) && isArray(json)) yield* json;
  else yield json;
}

function parsed(text: string, place: string): Json | Flaw {
  try {
    return parseGiven(text);
  } catch (cause) {
    return new Flaw(`${place} is not JSON: ${cause instanceof Error ? cause.message : ''}`, { cause });
  }
}
