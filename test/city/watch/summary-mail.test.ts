/** Tests the daily mail of the watch with a listening SMTP server. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SMTPServer } from 'smtp-server';
import { startJob } from '../../../src/city/job/job.ts';
import { summaryMailPlan } from '../../../src/city/watch/summary-mail.ts';
import { createMailer } from '../../../src/edge/mail/mailer.ts';
import { createMemoryStores } from '../../../src/store/memory/stores.ts';

const iri = (name: string): string => `https://uri.etsi.org/ngsi-ld/default-context/${name}`;
const core: Readonly<Record<string, string>> = {
  status: 'https://uri.etsi.org/ngsi-ld/status',
  attributeName: 'https://uri.etsi.org/ngsi-ld/attributeName',
};

const received: string[] = [];
let isAway = false;
const server = new SMTPServer({
  disabledCommands: ['STARTTLS'],
  allowInsecureAuth: true,
  onAuth: ({ username, password }, _session, done) => {
    if (username === 'ana' && password === 'pass') done(null, { user: 'ana' });
    else done(new Error('unknown user'));
  },
  onRcptTo: (_address, _session, done) => done(isAway ? new Error('mailbox is away') : null),
  onData(stream, _session, done) {
    let text = '';
    stream.setEncoding('utf8');
    stream.on('data', (part: string) => (text += part));
    stream.on('end', () => {
      received.push(text);
      done();
    });
  },
});
const stores = createMemoryStores();
const now = '2026-03-03T04:05:00Z';
const services = { stores, clock: { now: () => now }, observe: () => undefined };

let url = '';
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  url = `127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  const store = await stores.open('', true);
  const entity = (id: string, type: string, values: Readonly<Record<string, string>>) => {
    const attrs = Object.entries(values).map(
      ([name, value]) => [core[name] ?? iri(name), [{ kind: 'Property', value }]] as const,
    );
    const made = { types: [iri(type)], attrs: Object.fromEntries(attrs) };
    return { mutation: { op: 'create', id, entity: made } } as const;
  };
  const alert = (name: string, alertSource: string, more: Readonly<Record<string, string>> = {}) =>
    entity(`urn:ngsi-ld:Alert:watch:${name}`, 'Alert', {
      ...{ alertSource, attributeName: 'level', ruleName: 'range', status: 'open', dateIssued: '2026-03-02T10:00:00Z' },
      ...more,
    });
  const writes = [
    entity('urn:ngsi-ld:WatchRule:1', 'WatchRule', { watchedType: 'Meter' }),
    alert('a', 'urn:ngsi-ld:Meter:1', { attributeName: 'level range\r\n  9  urn:ngsi-ld:Meter:9: level' }),
    alert('b', 'urn:ngsi-ld:Meter:2'),
    alert('c', 'urn:ngsi-ld:Meter:2', { ruleName: 'silence', dateIssued: '2026-02-20T10:00:00Z' }),
    alert('d', 'urn:ngsi-ld:Meter:3', {
      status: 'closed',
      dateClosed: '2026-03-02T11:00:00Z',
      dateIssued: '2026-03-01T10:00:00Z',
    }),
  ];
  await store?.apply(writes, now);
});
afterAll(async () => {
  await new Promise((resolve) => server.close(() => resolve(undefined)));
  await stores.close();
});

const jobAt = (address: string) => {
  const mailer = createMailer({ url: address, from: 'mlaka@kranj.example' });
  return startJob(
    summaryMailPlan({ mailer, to: ['ana@kranj.example', 'bo@kranj.example'], clock: services.clock }),
    services,
  );
};

test.each([
  ['a password that is wrong', (host: string) => `smtp://ana:s3cr3t@${host}`, 'Invalid login'],
  ['a server that is not there', () => 'smtp://ana:s3cr3t@127.0.0.1:1', 'ECONNREFUSED'],
])('%s is in the list of jobs, without the password', async (_, address, why) => {
  const job = jobAt(address(url));
  const ran = await job.run();
  await job.stop();
  expect(ran?.failures).toEqual([expect.stringContaining(why)]);
  expect(JSON.stringify(ran)).not.toContain('s3cr3t');
  expect(received).toEqual([]);
});

test('the faults of the day before are mailed once, by the first run for which the server takes the mail', async () => {
  const job = jobAt(`smtp://ana:pass@${url}`);
  isAway = true;
  expect((await job.run())?.failures).toEqual([expect.stringContaining('mailbox is away')]);
  isAway = false;
  expect((await job.run())?.did).toEqual(['mailed the faults of 2026-03-02']);
  expect((await job.run())?.did).toEqual([]);
  await job.stop();
  expect(received).toHaveLength(1);
  const [mail = ''] = received;
  expect(mail).toContain('To: ana@kranj.example, bo@kranj.example');
  expect(mail).toContain('Subject: Mlaka: faults of 2026-03-02: 2 began, 1 ended, 3 open');
  const text = Buffer.from(mail.slice(mail.indexOf('\r\n\r\n')).trim(), 'base64').toString();
  const shown = /base64/i.test(mail) ? text : mail.replaceAll('=\r\n', '');
  expect(shown).toMatch(
    / 2 {2}urn:ngsi-ld:Meter:2: level range, level silence\r?\n {2}1 {2}urn:ngsi-ld:Meter:1: level range/,
  );
  expect(shown).not.toMatch(/^ {2}9/m);
});
