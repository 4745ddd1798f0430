/** `mlaka check portal FILE|URL`: tells of each dataset of a catalogue what the Slovenian open data portal asks for and does not find. */
import { createView, type GraphView } from '../../../city/catalogue/check/graph-view.ts';
import {
  datasetsIn,
  type Duty,
  missingDuties,
  offersOf,
  titleOf,
} from '../../../city/catalogue/check/portal-duties.ts';
import { asksForHelp } from '../../config/arguments.ts';
import type { Io } from '../command.ts';
import { helpOf, readFlags } from '../options.ts';
import { checkOffer } from './portal/check-offer.ts';
import { printable } from './printable.ts';
import { readCatalogueGraph } from './read-catalogue-graph.ts';

const flags = {
  'no-links': { form: '', about: 'Do not ask for the files of datasets.', initial: '' },
  json: { form: '', about: 'Print the results as JSON.', initial: '' },
} as const;

const usage = `mlaka check portal FILE|URL [OPTIONS]

Checks the datasets of a catalogue in Turtle, JSON-LD or RDF/XML against the duties of the Slovenian open data portal
(OPSI): texts in Slovenian, licence, open formats, contact, access without sign-in, size, columns that are explained,
how current the data are. Prints what each dataset lacks. The exit code is 1 when something lacks that must be there.
`;

interface Checked {
  readonly dataset: string;
  readonly title: string;
  readonly missing: readonly Duty[];
}

export async function checkPortal(args: readonly string[], io: Io): Promise<number> {
  if (asksForHelp(args)) {
    io.out.write(`${usage}${helpOf(flags)}\n`);
    return 0;
  }
  const { values, rest } = readFlags(args, flags, 1);
  const [target = ''] = rest;
  if (target === '') throw new Error('Say which catalogue to check: check portal FILE|URL.');
  const view = createView(await readCatalogueGraph(target, io.signal));
  const isJson = values.json === 'true';
  const checked: Checked[] = [];
  for (const dataset of datasetsIn(view)) {
    const one = await checkDataset(dataset, view, values['no-links'] === 'true' ? undefined : io.signal);
    checked.push(one);
    if (!isJson) io.out.write(linesOf(one));
  }
  const accepted = checked.filter(({ missing }) => missing.every(({ severity }) => severity !== 'must')).length;
  const counts = { datasets: checked.length, accepted };
  const sum = `${counts.datasets} datasets, ${accepted} with all that they must have.\n`;
  io.out.write(isJson ? `${JSON.stringify({ ...counts, results: checked })}\n` : sum);
  return accepted === checked.length && checked.length > 0 ? 0 : 1;
}

/** Without a signal, files are not asked for. */
async function checkDataset(dataset: string, view: GraphView, signal: AbortSignal | undefined): Promise<Checked> {
  const missing = [...missingDuties(dataset, view, Date.now())];
  if (signal) for (const offer of offersOf(dataset, view)) missing.push(...(await checkOffer(offer, signal)));
  return { dataset, title: titleOf(dataset, view), missing };
}

const linesOf = ({ dataset, title, missing }: Checked): string =>
  [
    printable(`${title} (${dataset})`),
    ...(missing.length === 0 ? ['  nothing is missing'] : []),
    ...missing.map(({ severity, message }) => printable(`  ${severity.padEnd(6)} ${message}`)),
  ]
    .map((line) => `${line}\n`)
    .join('');
