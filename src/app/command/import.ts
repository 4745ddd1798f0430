/** `mlaka import`: imports the rows of a file into a broker. A map describes how rows become entities. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { coreContextUrl } from '../../core/jsonld/known/core-context.ts';
import { type BrokenRule, createBrokenRules } from '../../core/model/broken-rules.ts';
import { type Json, parseJson } from '../../core/model/json.ts';
import { type Client, createClient, type BrokerTarget } from './client.ts';
import type { Command, Io } from './command.ts';
import { failureText } from './failure-text.ts';
import { createDelivery, type Deliver } from './import/deliver.ts';
import { type CsvFormat, type ImportMap, readImportMap } from './import/import-map.ts';
import { type Journal, openJournal } from './import/journal.ts';
import { type Mapped, mapRow } from '../../core/mapping/map-row.ts';
import type { Row } from '../../core/mapping/row.ts';
import { createReplacing } from './import/replaced.ts';
import { createRecording } from './import/record.ts';
import { type ImportResult, mapEntity, runImport } from './import/run-import.ts';
import { formatOf, readSource } from './import/source.ts';
import { brokerFlags, helpOf, readFlags, wholeOf } from './options.ts';
import { createProgress } from './progress.ts';
import { asksForHelp } from '../config/arguments.ts';

const flags = {
  ...brokerFlags,
  map: { form: 'MAP', about: 'JSON file that says which column is which attribute (docs/import.md).', initial: '' },
  batch: { form: 'N', about: 'Rows that are settled together; empty: 5000, of a history 50000.', initial: '' },
  resume: { form: '', about: 'Go on where an import of this file stopped.', initial: '' },
  rejected: {
    form: 'FILE',
    about: 'Where rejected rows go; empty: FILE.rejected.ndjson beside the file.',
    initial: '',
  },
  state: {
    form: 'FILE',
    about: 'Where it is kept how far the import is; empty: FILE.import.json beside the file.',
    initial: '',
  },
} as const;

const usage = `mlaka import FILE --map MAP [OPTIONS]

Puts a CSV, NDJSON or GeoJSON file into a running broker. NDJSON and GeoJSON without a map are taken for NGSI-LD entities,
such as mlaka export writes (but not with --flat). Rejected rows are reported with number and reason; the exit code is 1 when there are any.
`;

/** The number of rejection reasons, and of broken rules, that the summary lists. */
const [reasonsMax, rulesMax] = [5, 20];

export const importFile: Command = {
  name: 'import',
  summary: 'puts a CSV, NDJSON or GeoJSON file in, as a map says',
  async run(args, io) {
    if (asksForHelp(args)) {
      io.out.write(`${usage}${helpOf(flags)}\n`);
      return 0;
    }
    const { values, rest } = readFlags(args, flags, 1);
    const [file] = rest;
    if (file === undefined) throw new Error('Name one file to import.');
    const rejectedPath = values.rejected === '' ? `${file}.rejected.ndjson` : values.rejected;
    const plan = readPlan(file, values.map);
    const journal = openJournal({
      errand: { file: resolve(file), map: plan.text, url: values.url, tenant: values.tenant },
      statePath: values.state === '' ? `${file}.import.json` : values.state,
      rejectedPath,
      isResumed: values.resume === 'true',
    });
    const batchSize = values.batch === '' ? plan.batchSize : wholeOf('batch', values.batch, 1);
    const warnings = createBrokenRules(rulesMax);
    const onModelWarning = (broken: BrokenRule): void => warnings.add(broken);
    const result = await carryOut({ file, plan, journal, batchSize }, { ...values, onModelWarning }, io);
    tell(result, rejectedPath, io.out);
    tellWarnings(warnings.list(), io.out);
    return result.counts.rejected === 0 ? 0 : 1;
  },
};

/** How rows are sent to the broker. */
interface ImportRoute extends Pick<BrokerTarget, 'context' | 'isInDefault'> {
  readonly createDeliver: (client: Client) => Deliver;
  /** The default number of rows per batch. */
  readonly batchSize: number;
}

interface Plan extends ImportRoute {
  /** The source text of the map. */
  readonly text: string;
  readonly csv: CsvFormat;
  readonly columns: ReadonlySet<string>;
  readonly mapRow: (row: Row) => Mapped;
}

function readPlan(file: string, mapPath: string): Plan {
  if (mapPath === '') {
    if (formatOf(file) === 'csv')
      throw new Error('--map must be given: only NDJSON and GeoJSON can hold entities as they are.');
    const csv = { delimiter: ',', encoding: 'utf-8' };
    return { text: '', csv, columns: new Set(), mapRow: mapEntity(coreContextUrl), ...entityRoad };
  }
  const text = readFileSync(mapPath, 'utf8');
  const map = mapIn(text, mapPath);
  return {
    text,
    csv: map.csv,
    columns: map.columns,
    mapRow: (row) => mapRow(map, row),
    ...(map.isHistory ? historyRoad(map) : entityRoad),
    ...(map.context === undefined ? { isInDefault: true } : undefined),
  };
}

const entityRoad: ImportRoute = { createDeliver: createDelivery, batchSize: 5000 };

/** A batch writes each entity once, so larger batches cost less per row. */
const historyRoad = ({ context, attributes }: ImportMap): ImportRoute => ({
  ...(context === undefined ? undefined : { context }),
  createDeliver: (client) => createRecording(client, { hasFixed: attributes.some(({ isFixed }) => isFixed) }),
  batchSize: 50_000,
});

function mapIn(text: string, path: string): ImportMap {
  try {
    const document: Json = parseJson(text);
    return readImportMap(document);
  } catch (cause) {
    throw new Error(`The map ${path} cannot be used. ${failureText(cause)}`, {
      cause,
    });
  }
}

interface Work {
  readonly file: string;
  readonly plan: Plan;
  readonly journal: Journal;
  readonly batchSize: number;
}

async function carryOut(
  { file, plan, journal, batchSize }: Work,
  place: Pick<BrokerTarget, 'url' | 'tenant' | 'onModelWarning'>,
  { err, signal }: Io,
): Promise<ImportResult> {
  try {
    const result = await runImport({
      rows: readSource({ path: file, csv: plan.csv, columns: plan.columns }),
      mapRow: plan.mapRow,
      deliver: plan.createDeliver(createClient({ ...plan, ...place }, signal)),
      progress: createProgress(err, 'rows'),
      journal,
      replacing: createReplacing(),
      signal,
      batchSize,
    });
    journal.close();
    return result;
  } catch (cause) {
    const message = signal.aborted ? 'The import was stopped.' : failureText(cause);
    throw new Error(`${message} What was done is kept: --resume goes on from there.`, { cause });
  }
}

function tell({ counts, reasons }: ImportResult, rejectedPath: string, out: Writable): void {
  const { rows, accepted, replaced, skipped, rejected } = counts;
  out.write(`${rows} rows: ${accepted} accepted, ${skipped} skipped, ${rejected} rejected.\n`);
  if (replaced > 0)
    out.write(
      `Of the accepted ones, ${replaced} replaced values of rows before them: same entity, same attribute, same time.\n`,
    );
  if (rejected === 0) return;
  const most = reasons.slice(0, reasonsMax);
  for (const { count, firstRow, example } of most) out.write(`  ${count} × from row ${firstRow}: ${example}\n`);
  if (reasons.length > most.length) out.write(`  and ${reasons.length - most.length} other reasons\n`);
  out.write(`Rejected rows are in ${rejectedPath}.\n`);
}

/** Lists the rules that accepted values break, when the broker only warns. */
function tellWarnings(warnings: readonly BrokenRule[], out: Writable): void {
  if (warnings.length === 0) return;
  out.write('Accepted values break rules of data models:\n');
  for (const { values, type, attribute, rule, example } of warnings) {
    const about = attribute === undefined ? '' : ` attribute ${attribute}`;
    out.write(`  ${values} × ${type}:${about} ${rule}, such as ${example.value} of ${example.entityId}\n`);
  }
}
