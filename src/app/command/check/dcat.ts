/** `mlaka check dcat FILE|URL`: checks a catalogue of any maker against DCAT-AP 3.0.1 and, where it has high-value datasets, HVD 3.0.0. */
import { checkCatalogue } from '../../../city/catalogue/check/check-catalogue.ts';
import type { Finding } from '../../../city/catalogue/check/finding.ts';
import { asksForHelp } from '../../config/arguments.ts';
import type { Io } from '../command.ts';
import { helpOf, readFlags } from '../options.ts';
import { printable } from './printable.ts';
import { readCatalogueGraph } from './read-catalogue-graph.ts';

const flags = {
  json: { form: '', about: 'Print the findings as JSON.', initial: '' },
} as const;

const usage = `mlaka check dcat FILE|URL [OPTIONS]

Checks a catalogue in Turtle, JSON-LD or RDF/XML against DCAT-AP 3.0.1, and its high-value datasets against HVD 3.0.0.
Prints each fault and each warning with the node and the property that it is about. The exit code is 1 when there is a
fault. Of a catalogue with pages, it reads all.
`;

export async function checkDcat(args: readonly string[], io: Io): Promise<number> {
  if (asksForHelp(args)) {
    io.out.write(`${usage}${helpOf(flags)}\n`);
    return 0;
  }
  const { values, rest } = readFlags(args, flags, 1);
  const [target = ''] = rest;
  if (target === '') throw new Error('Say which catalogue to check: check dcat FILE|URL.');
  const quads = await readCatalogueGraph(target, io.signal);
  const findings = checkCatalogue(quads, Date.now());
  const faults = findings.filter(({ severity }) => severity === 'fault').length;
  const warnings = findings.length - faults;
  io.out.write(
    values.json === 'true'
      ? `${JSON.stringify({ statements: quads.length, faults, warnings, findings })}\n`
      : `${findings.map(lineOf).join('')}${quads.length} statements, ${faults} faults, ${warnings} warnings.\n`,
  );
  return faults === 0 ? 0 : 1;
}

const lineOf = ({ severity, subject, property, message }: Finding): string =>
  printable(`${severity.padEnd(8)} ${subject} ${property}: ${message}`) + '\n';
