/** Tests ingestion from mosquitto with both versions of the protocol: bursts, and kills of either side. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { MqttClient } from 'mqtt';
import { eventually, stopTestBrokers } from '../../deliver/test-broker.ts';
import { hasMosquitto, type Mosquitto, startMosquitto } from '../mosquitto.ts';
import {
  counter,
  counters,
  createIngesting,
  type Ingesting,
  closeDevices,
  openDevice,
  planFor,
  startIngestingBroker,
  writePlan,
} from './ingesting-broker.ts';

jest.setTimeout(60_000);

const main = new URL('../../../../src/app/main.ts', import.meta.url).pathname;
const started: Mosquitto[] = [];
const running = new Set<ChildProcess>();
let folder = '';

const start = async (lines: readonly string[] = [], port?: number): Promise<Mosquitto> => {
  const made = await startMosquitto(['max_queued_messages 0', ...lines], port);
  started.push(made);
  return made;
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlaka-ingest-'));
});
afterEach(async () => {
  await closeDevices();
  await stopTestBrokers();
  for (const child of running) await kill(child);
  for (const one of started.splice(0)) await one.stop();
  rmSync(folder, { recursive: true });
});

interface Process extends Ingesting {
  kill(): Promise<void>;
}

/** The broker as its users run it, on the data in the folder. */
async function startProcess(plan: string): Promise<Process> {
  const quiet = ['--models', 'off', '--log-level', 'silent'];
  const args = ['serve', '--port', '0', '--data', join(folder, 'data'), '--mqtt-ingest', plan, ...quiet];
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { ...createIngesting(line.replace(/^.* /, '')), kill: () => kill(child) };
}

async function kill(child: ChildProcess): Promise<void> {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const counted = (ingesting: Ingesting, wanted: number): Promise<number> =>
  eventually(
    () => ingesting.count(),
    (count) => count === wanted,
  );

/** Publishes counters, as many at a time as the MQTT broker takes. */
const publish = (device: MqttClient, from: number, to: number, qos: 0 | 1 | 2): Promise<unknown> =>
  Promise.all(
    Array.from({ length: to - from }, (_, index) =>
      device.publishAsync(`m/${from + index}`, JSON.stringify({ n: from + index }), { qos }),
    ),
  );

const versions = [
  ['mqtt3.1.1', 4],
  ['mqtt5.0', 5],
] as const;
const each = versions.flatMap(([version, number]) =>
  ([0, 1, 2] as const).map((qos) => [version, qos, number] as const),
);

if (!hasMosquitto) console.warn('Left out: mosquitto is not installed here.');

(hasMosquitto ? describe : describe.skip)('mosquitto', () => {
  test.each(each)('is listened to by %s, QoS %d', async (version, qos, number) => {
    const { port } = await start();
    const ingesting = await startIngestingBroker(port, { version, qos });
    await ingesting.connected();
    const device = await openDevice(port, number);
    // One by one: of many messages of QoS 2 at a time, mosquitto 2.0.11 now and then tells nobody of some.
    for (let n = 0; n < 200; n += 1) await publish(device, n, n + 1, qos);
    await counted(ingesting, 200);
    expect(await ingesting.value(counter(199))).toBe(199);
    await eventually(
      () => ingesting.metric('mlaka_ingest_messages_total', 'taken'),
      (taken) => taken === 200,
    );
  });

  test.each(versions)('may say 10,000 things at once, by %s', async (version, number) => {
    const { port } = await start();
    const ingesting = await startIngestingBroker(port, { version }, join(folder, 'data'));
    await ingesting.connected();
    await publish(await openDevice(port, number), 0, 10_000, 1);
    await counted(ingesting, 10_000);
    await eventually(
      () => ingesting.metric('mlaka_ingest_messages_total'),
      (taken) => taken === 10_000,
    );
    // Messages share commits: there are far fewer batches than messages.
    expect(await ingesting.metric('mlaka_ingest_batch_seconds_count')).toBeLessThan(5000);
    await ingesting.stop();
  });

  test.each(versions)('tells a broker that was killed what it has not acknowledged, by %s', async (version, number) => {
    const { port } = await start();
    const plan = writePlan({ ...planFor(port), version });
    const device = await openDevice(port, number);
    let ingesting = await startProcess(plan);
    await ingesting.connected();
    for (const round of [0, 1, 2]) {
      const sent = publish(device, round * 500, round * 500 + 500, 1);
      await eventually(
        () => ingesting.count(),
        (count) => count > round * 500,
      );
      await ingesting.kill();
      await sent;
      ingesting = await startProcess(plan);
    }
    await counted(ingesting, 1500);
    await ingesting.kill();
  });

  test.each(versions)('may be restarted, with nothing lost, by %s', async (version, number) => {
    const lines = ['persistence true', `persistence_location ${folder}/`];
    const first = await start(lines);
    const ingesting = await startIngestingBroker(first.port, { version });
    await ingesting.connected();
    const device = await openDevice(first.port, number);
    const sent = [publish(device, 0, 1000, 1)];
    await eventually(
      () => ingesting.count(),
      (count) => count > 0,
    );
    await started.pop()?.stop();
    sent.push(publish(device, 1000, 2000, 1));
    await start(lines, first.port);
    await Promise.all(sent);
    await counted(ingesting, 2000);
  });

  test.each(versions)('has topics with levels that are empty, by %s', async (version, number) => {
    const { port, received } = await start();
    const topics = ['{id}', '{site}/x/{id}', 'all/{id#}'].map((rest) => ({ ...counters, topic: `m/${rest}` }));
    const ingesting = await startIngestingBroker(port, { version, deadLetters: 'dead', topics });
    await ingesting.connected();
    const device = await openDevice(port, number);
    for (const [n, topic] of ['m/', 'm//x/a', 'm//x/', 'm/all/', 'm/b'].entries())
      await device.publishAsync(topic, JSON.stringify({ n }), { qos: 1 });
    await eventually(
      () => ingesting.metric('mlaka_ingest_messages_total'),
      (settled) => settled === 5,
    );
    expect(await Promise.all(['a', 'b'].map((id) => ingesting.value(counter(id))))).toEqual([1, 4]);
    // An id of nothing is refused, and those behind it are taken all the same.
    const letters = await eventually(
      () => Promise.resolve(received.filter(({ topic }) => topic === 'dead')),
      ({ length }) => length === 3,
    );
    const refused = ['m/', 'm//x/', 'm/all/'].map((topic) => ({ topic, reason: 'a column of the id is empty' }));
    expect(letters.map(({ payload }) => JSON.parse(payload) as unknown)).toEqual(
      refused.map((letter) => expect.objectContaining(letter) as unknown),
    );
  });

  test('lets only the latest of two with the same name in', async () => {
    const { port } = await start();
    const first = await startIngestingBroker(port, { clientId: 'twin' });
    await first.connected();
    const second = await startIngestingBroker(port, { clientId: 'twin', topics: [{ ...counters, topic: 'x/{id}' }] });
    await second.connected();
    await first.connected(false);
  });
});
