/** Tests documents that print programs beside commands: it runs them together and compares the output with the printed output. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../edge/deliver/test-broker.ts';
import { startAedes, stopAedes } from '../edge/mqtt/aedes-broker.ts';
import { startTestBroker, type TestBroker } from '../scenario/scenario.ts';
import { answersIn, type Block, blocksIn, isCommand, jsonIn, masked } from './document.ts';
import { openTerminal, type Terminal } from './terminal.ts';

const started: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop();
});
afterAll(stopAedes);

async function broker(...args: readonly string[]): Promise<TestBroker> {
  const made = await startTestBroker(args);
  started.push(made.stop);
  return made;
}

function terminal(replaced: Readonly<Record<string, string>>): Terminal {
  const made = openTerminal(replaced);
  started.push(made.close);
  return made;
}

const hostOf = ({ url }: TestBroker): string => new URL(url).host;

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The block that holds a text; there must be one. */
function theOne(blocks: readonly Block[], held: string): string {
  const found = blocks.find(({ text }) => text.includes(held));
  if (found === undefined) throw new Error(`No block holds ${held}.`);
  return found.text;
}

/** Asks again while the answer is another than what is printed, for a bounded number of times. */
async function settled(ask: () => Promise<unknown>, printed: unknown): Promise<unknown> {
  let left = 200;
  return eventually(ask, (answer) => isDeepStrictEqual(answer, printed) || --left === 0);
}

const linesWith = (word: string, count: number) => (out: string) =>
  out.split('\n').filter((line) => line.includes(word)).length >= count;

describe('docs/subscriptions.md', () => {
  test('a receiver is told, the broker explains, and dead letters are sent again', async () => {
    const port = await freePort();
    const here = terminal({
      'localhost:1026': hostOf(await broker('--notify-allow-private')),
      'localhost:3000': `localhost:${port}`,
      'listen(3000)': `listen(${port})`,
    });
    const blocks = blocksIn('docs/subscriptions.md');
    const script = theOne(blocks, 'createServer(');
    const commands = blocks
      .filter((block) => isCommand(block) && !block.text.startsWith('npm start'))
      .map(({ text }) => text);
    const [subscribeAndChange = '', status = '', on = '', explain = '', other = '', ...letters] = commands;

    // What is asked with GET, the receiver prints as an empty line.
    const isUp = (): Promise<boolean> =>
      fetch(`http://localhost:${port}`).then(
        () => true,
        () => false,
      );
    const receiver = here.start(script);
    await eventually(isUp, Boolean);
    await here.run(subscribeAndChange);
    const told = await receiver.until(linesWith('Notification', 1));
    expect(answersIn(told.trim())).toEqual(answersIn(theOne(blocks, 'urn:ngsi-ld:Notification:lights')));
    await eventually(
      () => here.run(status),
      (answer) => /"timesSent":1.*"status":"ok".*"status":"active"/.test(answer),
    );

    await here.run(on);
    // Of the explanation, the document leaves out the parts.
    const withoutParts = (text: string): unknown =>
      JSON.parse(masked(text), (key, value: unknown) => (key === 'parts' ? undefined : value));
    const explained = withoutParts(here.here(theOne(blocks, 'SubscriptionExplanation')));
    const asked = (): Promise<unknown> => here.run(explain).then(withoutParts);
    expect(await settled(asked, explained)).toEqual(explained);

    await receiver.stop();
    here.start(script.replace('response.end()', 'response.writeHead(400).end()'));
    await eventually(isUp, Boolean);
    const [make = '', list = ''] = other.split(/(?<=})'\n(?=curl)/);
    await here.run(`${make}'`);
    const listed = answersIn(theOne(blocks, '"DeadLetter"'));
    expect(await settled(async () => answersIn(await here.run(list)), listed)).toEqual(listed);
    const [{ id }] = jsonIn(await here.run(list)) as [{ id: string }];
    for (const block of letters) await here.run(block.replace(/^LETTER=.*$/m, `LETTER=${id}`));
    expect(letters.length).toBe(4);
  }, 600_000);
});

describe('docs/streaming.md', () => {
  test('a listener is told, requests are answered, a replica is kept, and Server-Sent Events come', async () => {
    const here = terminal({ 'localhost:1026': hostOf(await broker()) });
    const blocks = blocksIn('docs/streaming.md');
    const create = theOne(blocks, 'curl localhost:1026/ngsi-ld/v1/entities');

    const listener = here.start(theOne(blocks, "id: 'lights', subscription"));
    await listener.until(linesWith('subscribed', 1));
    await here.run(create);
    const told = await listener.until(linesWith('"notification"', 1));
    expect(answersIn(told)).toEqual(answersIn(theOne(blocks, '"op":"hello"')));

    await here.start(theOne(blocks, 'const entities = new Map()')).until((out) => out === '1 entities\n');

    const frames = answersIn(theOne(blocks, '"op":"request"')) as { op: string }[];
    const requests = frames.filter(({ op }) => op === 'request');
    const answers = frames.filter(({ op }) => op !== 'request');
    const asked = here.start(`
      const socket = new WebSocket('ws://localhost:1026/ngsi-ld/v1/stream', 'ngsi-ld-ws.v1');
      const left = ${JSON.stringify(requests)};
      socket.onmessage = ({ data }) => {
        if (JSON.parse(data).op !== 'hello') console.log(data);
        if (left.length > 0) socket.send(JSON.stringify(left.shift()));
      };`);
    expect(answersIn(await asked.until(linesWith('"op"', answers.length)))).toEqual(answers);

    const listening = here.run(`${theOne(blocks, 'curl -N').trim()} --max-time 3 || [ $? = 28 ]`);
    // The stream has begun when it is counted.
    await eventually(
      () => here.run('curl localhost:1026/metrics'),
      (text) => /mlaka_streams [^0]/.test(text),
    );
    await here.run(create);
    expect(masked(await listening).trim()).toBe(masked(theOne(blocks, 'retry: 2000')).trim());
  }, 600_000);
});

/** That a program is connected does not say that it has subscribed: it has when it tells of a light, which is gone afterwards. */
async function hasSubscribed(program: ReturnType<Terminal['start']>, here: Terminal): Promise<void> {
  const seen = { isTold: false };
  const told = program
    .until((text) => text !== '')
    .then(() => {
      seen.isTold = true;
    });
  const light = (n: number): string =>
    JSON.stringify([{ id: 'urn:ngsi-ld:Streetlight:0', type: 'Streetlight', powerState: n }]);
  const upsert = "curl localhost:1026/ngsi-ld/v1/entityOperations/upsert -H 'Content-Type: application/json'";
  for (let n = 0; !seen.isTold; n += 1) await here.run(`${upsert} -d '${light(n)}'`);
  await told;
  await here.run('curl -X DELETE localhost:1026/ngsi-ld/v1/entities/urn:ngsi-ld:Streetlight:0');
}

describe('docs/client.md', () => {
  test('the loop is told of changes, and the replica and the requests do what they say', async () => {
    const library = new URL('../../src/client/client.ts', import.meta.url).href;
    const here = terminal({ 'localhost:1026': hostOf(await broker()), 'mlaka/client': library });
    const blocks = blocksIn('docs/client.md');
    const begin = theOne(blocks, "from 'mlaka/client'");
    const loop = here.start(begin + theOne(blocks, 'for await'));
    await hasSubscribed(loop, here);

    const client = theOne(blocks, 'for await').split('\n')[0] ?? '';
    const script = [
      begin,
      client,
      theOne(blocks, 'client.replica'),
      theOne(blocks, 'client.request'),
      'console.log(count, body[0].id);',
    ];
    const replica = here.start(script.join('\n'));
    const id = 'urn:ngsi-ld:Streetlight:1';
    const out = await replica.until((text) => text.includes('has changed') && text.includes(`1 ${id}`));
    expect(out.split('\n')).toEqual(expect.arrayContaining(['0 undefined', `${id} has changed`, `1 ${id}`]));
    const told = await loop.until((text) => text.includes(id));
    expect(told.split('\n').filter((line) => line.startsWith(id))).toEqual([`${id} on`]);
  }, 600_000);
});

describe('docs/import.md', () => {
  test('the printed map is that of the example, takes rows in, and all is exported and imported again', async () => {
    const here = terminal({ 'localhost:1026': hostOf(await broker()), FILE: 'parks.csv', ' MAP ': ' map.json ' });
    const blocks = blocksIn('docs/import.md');
    const map = theOne(blocks, 'OffStreetParking');
    const example = JSON.parse(
      readFileSync(new URL('../../examples/maps/birmingham-car-parks.json', import.meta.url), 'utf8'),
    ) as object;
    expect(example).toMatchObject(jsonIn(map) as object);
    writeFileSync(join(here.folder, 'map.json'), map);
    const rows = [
      'SystemCodeNumber,Capacity,Occupancy,LastUpdated',
      'BHM1,577,61,2016-10-04 07:59:42',
      'BHM1,577,64,2016-10-04 08:25:42',
    ];
    writeFileSync(join(here.folder, 'parks.csv'), `${rows.join('\n')}\n`);
    await here.run(theOne(blocks, 'import FILE'));
    const [line = ''] = readFileSync(join(here.folder, 'all.ndjson'), 'utf8').split('\n');
    expect(line).toContain('urn:ngsi-ld:OffStreetParking:birmingham:BHM1');
    expect(line).toContain('0.1109');
    expect(readFileSync(join(here.folder, 'all.nq'), 'utf8')).toMatch(
      /^<urn:ngsi-ld:OffStreetParking:birmingham:BHM1> .* <https:\/\/\S+\/OffStreetParking> \.$/m,
    );
  }, 600_000);
});

describe('docs/backup.md', () => {
  test('a backup has the printed lines, and restores into other brokers', async () => {
    const [old, other] = [await broker(), await broker()];
    const here = terminal({
      'localhost:1026': hostOf(old),
      'old:1026': hostOf(old),
      'new-broker:1026': hostOf(other),
      'new:1026': hostOf(other),
    });
    const blocks = blocksIn('docs/backup.md');
    const printed = here
      .here(theOne(blocks, '"backup":1'))
      .replaceAll(/"checksum":"[^"]*"/g, '"checksum":"..."')
      .trim()
      .split('\n')
      .map(jsonIn) as Record<string, unknown>[];
    const send = (path: string, body: unknown): Promise<string> =>
      here.run(
        `curl localhost:1026/ngsi-ld/v1${path} -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`,
      );
    const [, context, history, , subscription] = printed;
    await send('/jsonldContexts', { '@context': (context?.['context'] as Record<string, unknown>)['@context'] });
    await send('/temporal/entities', history?.['history']);
    await send('/subscriptions', subscription?.['subscription']);

    const [file = '', pipe = ''] = blocks.filter(isCommand).map(({ text }) => text);
    await here.run(file);
    await here.run(pipe);
    const plain = (text: string): unknown =>
      answersIn(
        text
          .replaceAll(/"checksum":"[^"]*"/g, '"checksum":"..."')
          .replaceAll(/urn:ngsi-ld:Context:[^"]*/g, 'urn:ngsi-ld:Context:1'),
      );
    const taken = readFileSync(join(here.folder, 'city.ndjson'), 'utf8');
    expect(plain(taken)).toEqual(plain(printed.map((line) => JSON.stringify(line)).join('\n')));
  }, 600_000);
});

describe('docs/from-orion-ld.md', () => {
  test('everything moves from one broker to another, and tenants are those of the header', async () => {
    const [old, other] = [await broker(), await broker()];
    const here = terminal({
      'orion-ld:1026': hostOf(old),
      'mlaka:1026': hostOf(other),
      'localhost:1026': hostOf(other),
    });
    const blocks = blocksIn('docs/from-orion-ld.md');
    const [copy = '', again = '', tenant = '', plain = ''] = blocks.filter(isCommand).map(({ text }) => text);
    const post = (path: string, body: unknown): Promise<Response> =>
      fetch(`${old.url}/ngsi-ld/v1${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
    await post('/entities', { id: 'urn:ngsi-ld:Streetlight:1', type: 'Streetlight', powerState: 'on' });
    const endpoint = { uri: 'https://example.org/hear' };
    await post('/subscriptions', {
      type: 'Subscription',
      entities: [{ type: 'Streetlight' }],
      notification: { endpoint },
    });
    const moved = async (path: string): Promise<number> =>
      ((await (await fetch(`${other.url}/ngsi-ld/v1${path}`)).json()) as unknown[]).length;

    await here.run(copy);
    expect([await moved('/entities?type=Streetlight'), await moved('/subscriptions')]).toEqual([1, 0]);
    await here.run(again);
    expect([await moved('/entities?type=Streetlight'), await moved('/subscriptions')]).toEqual([1, 1]);

    for (const command of [tenant, plain]) {
      const out = await here.run(command);
      const printed = blocks[blocks.findIndex(({ text }) => text === command) + 1]?.text ?? '';
      expect(jsonIn(out.split('\r\n\r\n').at(-1) ?? '')).toEqual(jsonIn(printed));
    }
  }, 60_000);
});

describe('docs/mqtt.md', () => {
  test('a message of five minutes becomes the printed entity', async () => {
    const { port } = await startAedes();
    const blocks = blocksIn('docs/mqtt.md');
    const file = theOne(blocks, 'broker: mqtt://localhost:1883');
    const example = new URL('../../examples/mqtt/five-minutes.yaml', import.meta.url);
    expect(readFileSync(example, 'utf8')).toContain(file);
    const first = terminal({ 'localhost:1883': `localhost:${port}` });
    const [own, commands] = [join(first.folder, 'five-minutes.yaml'), theOne(blocks, 'npx mqtt pub')];
    // Aedes speaks MQTT 3.1.1.
    writeFileSync(own, `${first.here(file)}version: mqtt3.1.1\n`);
    const here = terminal({
      'localhost:1026': hostOf(await broker('--mqtt-ingest', own)),
      'mqtt pub': `mqtt pub -p ${port}`,
    });
    const [, publish = '', ask = ''] = commands.split('\n');
    await eventually(
      () => here.run('curl localhost:1026/metrics'),
      (text) => /mlaka_ingest_connected\S* 1/.test(text),
    );
    await here.run(publish);
    const printed = answersIn(theOne(blocks, '"WaterMeter"'));
    const asked = (): Promise<unknown> => here.run(ask).then(answersIn, () => undefined);
    expect(await settled(asked, printed)).toEqual(printed);
  }, 600_000);
});
