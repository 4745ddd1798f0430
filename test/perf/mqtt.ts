/**
 * `node test/perf/mqtt.ts`: measures how many MQTT messages a second become durable. Mosquitto holds the messages in its session before the
 * clock starts, so publishing costs nothing. The baseline is a client that only acknowledges.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, connectAsync, type IClientOptions } from 'mqtt';
import { createIngesting, closeDevices, writePlan } from '../edge/mqtt/ingest/ingesting-broker.ts';
import { hasMosquitto, type Mosquitto, startMosquitto } from '../edge/mqtt/mosquitto.ts';
import { startChild } from './child.ts';

const messages = Number(process.env['BENCH_MESSAGES'] ?? 20_000);
const meters = 1000;

interface Case {
  readonly version: 'mqtt3.1.1' | 'mqtt5.0';
  readonly qos: 1 | 2;
  /** Messages that mosquitto has under way at a time by 3.1.1; by 5.0 we say it ourselves. */
  readonly inflight: number;
}

const clientId = 'bench';
const plan = (port: number, { version, qos }: Case): object => ({
  broker: `mqtt://127.0.0.1:${port}`,
  clientId,
  version,
  qos,
  topics: [
    {
      topic: 'm/{id}',
      type: 'WaterMeter',
      id: 'urn:ngsi-ld:WaterMeter:{id}',
      observedAt: { column: 'at', pattern: 'epoch-ms' },
      attributes: {
        volume: { column: 'volume', as: 'number', unitCode: 'MTQ' },
        flow: { column: 'flow', as: 'number', unitCode: 'E32' },
        batteryLevel: { column: 'battery', as: 'number', times: 0.01, decimals: 2 },
      },
    },
  ],
});

const payloadOf = (n: number): string =>
  JSON.stringify({ at: 1_770_000_000_000 + n, volume: n / 1000, flow: n % 60, battery: 87, rssi: -97, f_cnt: n });

const sessionOf = ({ version }: Case): IClientOptions => ({
  protocolVersion: version === 'mqtt5.0' ? 5 : 4,
  clientId,
  clean: false,
  ...(version === 'mqtt5.0' ? { properties: { sessionExpiryInterval: 3600 } } : undefined),
});

/** Has mosquitto keep the messages for whoever comes as `bench`. */
async function preload(port: number, one: Case): Promise<void> {
  const absent = await connectAsync(`mqtt://127.0.0.1:${port}`, sessionOf(one));
  await absent.subscribeAsync('m/+', { qos: one.qos });
  await absent.endAsync();
  const device = await connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 4 });
  for (let n = 0; n < messages; n += 500) {
    const some = Array.from({ length: 500 }, (_, index) => n + index);
    await Promise.all(some.map((m) => device.publishAsync(`m/${m % meters}`, payloadOf(m), { qos: one.qos })));
  }
  await device.endAsync();
}

async function startPreloaded(one: Case): Promise<Mosquitto> {
  const lines = ['max_queued_messages 0', `max_inflight_messages ${one.inflight}`];
  const mosquitto = await startMosquitto(lines, undefined, 'nothing');
  await preload(mosquitto.port, one);
  return mosquitto;
}

/** Messages in a second of a client that does nothing with them. */
async function measureFloor(one: Case): Promise<string> {
  const mosquitto = await startPreloaded(one);
  const client = connect(`mqtt://127.0.0.1:${mosquitto.port}`, { ...sessionOf(one), manualConnect: true });
  const began = performance.now();
  let seen = 0;
  await new Promise<void>((resolve) => {
    client.on('message', () => {
      seen += 1;
      if (seen === messages) resolve();
    });
    client.connect();
  });
  const tookMs = performance.now() - began;
  await client.endAsync(true);
  await mosquitto.stop();
  return `${Math.round((messages / tookMs) * 1000)}/s`;
}

async function measure(one: Case): Promise<string> {
  const mosquitto = await startPreloaded(one);
  const args = ['--models', 'off', '--mqtt-ingest', writePlan(plan(mosquitto.port, one))];
  const child = await startChild('broker-process.ts', args);
  const ingesting = createIngesting(child.url);
  const taken = (): Promise<number> => ingesting.metric('mlaka_ingest_messages_total', 'taken');
  // It may have begun before it could be asked.
  const [began, before] = [performance.now(), await taken()];
  let now = before;
  while (now < messages) {
    await sleep(50);
    now = await taken();
  }
  const perSecond = Math.round(((messages - before) / (performance.now() - began)) * 1000);
  const shared = Math.round(messages / (await ingesting.metric('mlaka_ingest_batch_seconds_count')));
  const { p99, max } = await child.loopDelay();
  await child.stop();
  await mosquitto.stop();
  return `${perSecond}/s | ${shared} | ${p99.toFixed(1)} / ${max.toFixed(1)}`;
}

const cases: readonly Case[] = [
  { version: 'mqtt3.1.1', qos: 1, inflight: 20 },
  { version: 'mqtt3.1.1', qos: 1, inflight: 1000 },
  { version: 'mqtt5.0', qos: 1, inflight: 1000 },
  { version: 'mqtt5.0', qos: 2, inflight: 1000 },
];

if (!hasMosquitto) throw new Error('mosquitto is not installed here.');
console.log('| by | ours | messages in a commit | event loop p99 / max, ms | floor |\n|---|---|---|---|---|');
for (const one of cases) {
  const [ours, floor] = [await measure(one), await measureFloor(one)];
  console.log(`| ${one.version}, QoS ${one.qos}, ${one.inflight} under way | ${ours} | ${floor} |`);
}
await closeDevices();
