/** `mlaka check mims`: checks a platform against the requirements of MIMs Plus 9.0 that requests can show, and prints the evidence. */
import { randomBytes } from 'node:crypto';
import { asksForHelp } from '../../config/arguments.ts';
import type { Io } from '../command.ts';
import { brokerFlags, helpOf, keyOf, readFlags, webUrlOf } from '../options.ts';
import { accessing } from './mims/accessing.ts';
import { contracts, exchanging, geospatial, securing, twins } from './mims/exchanging.ts';
import { interlinking, representing } from './mims/interlinking.ts';
import { createProbe } from './mims/probe.ts';
import type { Evidence, Requirement, Verdict } from './mims/requirement.ts';
import { printable } from './printable.ts';

const flags = {
  ...brokerFlags,
  write: { form: '', about: 'Write an entity and a subscription of its own, and remove them again.', initial: '' },
  json: { form: '', about: 'Print the results as JSON.', initial: '' },
} as const;

const usage = `mlaka check mims [OPTIONS]

Checks the platform at --url, of any maker, against MIMs Plus 9.0 of Open & Agile Smart Cities: the requirements that
requests can show. Prints each with its verdict, what was found, and what was asked. What people must answer is "by
hand". A check by oneself is no certificate. The exit code is 1 when a requirement that SHALL hold is not met.
`;

interface Result extends Evidence, Pick<Requirement, 'id' | 'word' | 'title'> {
  readonly asked: readonly string[];
}

const requirements: readonly Requirement[] = [
  ...accessing,
  ...interlinking,
  ...representing,
  ...exchanging,
  ...securing,
  ...geospatial,
  ...twins,
  ...contracts,
];

export async function checkMims(args: readonly string[], io: Io): Promise<number> {
  if (asksForHelp(args)) {
    io.out.write(`${usage}${helpOf(flags)}\n`);
    return 0;
  }
  const { values } = readFlags(args, flags);
  const url = webUrlOf('--url', values.url);
  let asked: string[] = [];
  const probe = await createProbe({
    ...{ url, key: keyOf(values.key), tenant: values.tenant, mayWrite: values.write === 'true' },
    ...{ run: randomBytes(4).toString('hex'), signal: io.signal, onAsked: (line) => asked.push(line) },
  });
  const isJson = values.json === 'true';
  const results: Result[] = [];
  for (const { check, ...requirement } of requirements) {
    asked = [];
    const result = { ...requirement, ...(await check(probe)), asked };
    results.push(result);
    if (!isJson) io.out.write(linesOf(result));
  }
  io.out.write(isJson ? `${JSON.stringify({ edition: 'MIMs Plus 9.0', url, results })}\n` : sumOf(results));
  return results.some(({ word, verdict }) => word === 'SHALL' && verdict === 'not met') ? 1 : 0;
}

/** Most requests that are printed for a requirement. */
const askedMax = 5;

function linesOf({ id, word, title, verdict, found, asked }: Result): string {
  const more = asked.length > askedMax ? [`… and ${asked.length - askedMax} more requests`] : [];
  const lines = [
    `${verdict.toUpperCase().padEnd(15)} ${id} (${word}): ${title}`,
    `                ${found}`,
    ...[...asked.slice(0, askedMax), ...more].map((line) => `                asked: ${line}`),
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

const verdicts: readonly Verdict[] = ['met', 'partly', 'not met', 'not applicable', 'by hand'];

const sumOf = (results: readonly Result[]): string => {
  const counts = verdicts.map((verdict) => `${results.filter((one) => one.verdict === verdict).length} ${verdict}`);
  return `\nMIMs Plus 9.0: ${counts.join(', ')}. A check by oneself is no certificate.\n`;
};
