/**
 * `mlaka check`: checks a platform of any maker against the interoperability points of SynchroniCity or MIMs Plus, or a catalogue of any
 * maker against DCAT-AP or the duties of the Slovenian portal.
 */
import { randomBytes } from 'node:crypto';
import { styleText } from 'node:util';
import { asksForHelp } from '../config/arguments.ts';
import type { Area, Platform } from './check/check-point.ts';
import { checkDcat } from './check/dcat.ts';
import { checkMims } from './check/mims.ts';
import { checkPortal } from './check/portal.ts';
import { printable } from './check/printable.ts';
import { checkPoints, type PointResult } from './check/session.ts';
import { removeSynchronicity, synchronicityPoints } from './check/synchronicity.ts';
import type { Command, Io } from './command.ts';
import { brokerFlags, helpOf, keyOf, readFlags, webUrlOf, wholeOf } from './options.ts';

const flags = {
  tenant: brokerFlags.tenant,
  key: { ...brokerFlags.key, about: 'API key or token; empty: that in MLAKA_KEY.' },
  areas: {
    form: 'NAMES',
    about: 'What is checked besides context: models, history, open-data, security.',
    initial: 'models,history,open-data,security',
  },
  quantumleap: { form: 'URL', about: 'Where QuantumLeap is; empty: at /ql of the broker.', initial: '' },
  sth: { form: 'URL', about: 'Where STH-Comet is; empty: at the broker.', initial: '' },
  keyrock: { form: 'URL', about: 'Where /oauth2/token is; empty: at the broker.', initial: '' },
  client: { form: 'ID', about: 'Client that gets a token; empty: none does.', initial: '' },
  secret: { form: 'SECRET', about: 'Secret of the client; empty: that in MLAKA_SECRET.', initial: '' },
  receiver: { form: 'HOST', about: 'How the broker reaches this machine with notifications.', initial: '127.0.0.1' },
  wait: { form: 'SECONDS', about: 'How long to wait for notifications and histories.', initial: '10' },
  json: { form: '', about: 'Print the results as JSON.', initial: '' },
} as const;

const usage = `mlaka check synchronicity URL [OPTIONS]

Checks the platform at URL against the interoperability points of SynchroniCity, by NGSI v2 and the APIs around it.
Prints each point green or red with the requests that were made, and what is wrong. The exit code is 1 when a point is
red. It writes three entities with ids of its own, below the service path /mlaka_check, and removes them again.
mlaka check dcat --help and mlaka check portal --help tell how to check a catalogue, mlaka check mims --help how to check
a platform against MIMs Plus.
`;

/** What else can be checked. */
const others: Readonly<Record<string, (args: readonly string[], io: Io) => Promise<number>>> = {
  dcat: checkDcat,
  portal: checkPortal,
  mims: checkMims,
};

export const check: Command = {
  name: 'check',
  summary: 'checks a platform against the points of SynchroniCity or MIMs Plus, or a catalogue against DCAT-AP',
  run(args, io) {
    const other = others[args[0] ?? ''];
    return other ? other(args.slice(1), io) : checkSynchronicity(args, io);
  },
};

async function checkSynchronicity(args: readonly string[], io: Io): Promise<number> {
  if (asksForHelp(args)) {
    io.out.write(`${usage}${helpOf(flags)}\n`);
    return 0;
  }
  const { values, rest } = readFlags(args, flags, 2);
  const [list = '', url = ''] = rest;
  if (list !== 'synchronicity' || url === '')
    throw new Error(
      'Say what to check: check synchronicity URL, check mims --url URL, check dcat FILE|URL or check portal FILE|URL.',
    );
  const points = synchronicityPoints(values.areas.split(',').filter((name) => name !== ''));
  const platform = platformOf(url, values);
  const isJson = values.json === 'true';
  const results = await checkPoints(points, removeSynchronicity, {
    platform,
    run: randomBytes(4).toString('hex'),
    receiver: values.receiver,
    waitMs: wholeOf('wait', values.wait, 0) * 1000,
    signal: io.signal,
    onResult: isJson ? () => undefined : createReport(io),
  });
  const counts = countsOf(results);
  io.out.write(isJson ? `${JSON.stringify({ url: platform.broker, ...counts, points: results })}\n` : sumOf(counts));
  return counts.red === 0 ? 0 : 1;
}

type Given = Readonly<Record<'tenant' | 'key' | 'quantumleap' | 'sth' | 'keyrock' | 'client' | 'secret', string>>;

function platformOf(url: string, { tenant, key, quantumleap, sth, keyrock, client, secret }: Given): Platform {
  const broker = baseOf('URL', url);
  return {
    broker,
    quantumLeap: quantumleap === '' ? `${broker}/ql` : baseOf('--quantumleap', quantumleap),
    sth: sth === '' ? broker : baseOf('--sth', sth),
    keyrock: keyrock === '' ? broker : baseOf('--keyrock', keyrock),
    service: tenant,
    key: keyOf(key),
    client,
    secret: secret === '' ? (process.env['MLAKA_SECRET'] ?? '') : secret,
  };
}

/** The URL without a slash at its end, and without `/v2`, which users may have copied with it. */
const baseOf = (name: string, url: string): string => webUrlOf(name, url).replace(/\/v2$/, '');

const heading: Readonly<Record<Area, string>> = {
  context: 'Context management',
  models: 'Data models',
  history: 'Data storage, historical',
  'open-data': 'Data storage, open data and marketplace',
  security: 'Security',
};

const colors = { green: 'green', red: 'red', skipped: 'yellow' } as const;

/** Prints each result below the heading of its area. */
function createReport({ out }: Io): (result: PointResult) => void {
  let before: Area | undefined;
  const color = 'isTTY' in out && out.isTTY === true;
  return ({ area, point, result, requests, reason }) => {
    if (area !== before) out.write(`${before === undefined ? '' : '\n'}${heading[area]}\n`);
    before = area;
    const word = styleText(colors[result], result.padEnd(7), { validateStream: false });
    const lines = [
      `  ${color ? word : result.padEnd(7)} ${point}`,
      ...requests.map((request) => `          ${request}`),
      ...(reason === undefined ? [] : [`          ${result === 'red' ? 'wrong: ' : ''}${printable(reason)}`]),
    ];
    out.write(`${lines.join('\n')}\n`);
  };
}

type Counts = Readonly<Record<PointResult['result'], number>>;

const countsOf = (results: readonly PointResult[]): Counts => {
  const count = (result: PointResult['result']): number => results.filter((one) => one.result === result).length;
  return { green: count('green'), red: count('red'), skipped: count('skipped') };
};

const sumOf = ({ green, red, skipped }: Counts): string => `\n${green} green, ${red} red, ${skipped} skipped.\n`;
