/** Provides brokers that ingest and devices that publish, for tests of MQTT ingestion. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { eventually, type TestBroker, startTestBroker } from '../../deliver/test-broker.ts';

/** What is asked of a broker that ingests. */
export interface Ingesting {
  /** The value of an attribute; undefined when there is none. */
  value(id: string, attribute?: string): Promise<unknown>;
  /** How many counters there are. */
  count(): Promise<number>;
  /** A metric of the broker, summed up over its labels that contain this. */
  metric(name: string, label?: string): Promise<number>;
  /** Resolves when it is connected with the MQTT broker, or is not. */
  connected(isWanted?: boolean): Promise<void>;
}

export type IngestingBroker = TestBroker & Ingesting;

/** A map for counters: `m/{id}` with `{"n": 1}` makes `urn:ngsi-ld:Counter:ID`. */
export const counters = {
  topic: 'm/{id}',
  type: 'Counter',
  id: 'urn:ngsi-ld:Counter:{id}',
  attributes: { n: { column: 'n', as: 'number', required: true } },
};
export const counter = (id: number | string): string => `urn:ngsi-ld:Counter:${id}`;

const folders: string[] = [];
const devices: MqttClient[] = [];

/** The path of a file that says what is ingested. */
export function writePlan(document: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-ingest-'));
  folders.push(folder);
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(document));
  return join(folder, 'plan.json');
}

/** A broker that ingests counters, or whatever else is said. */
export async function startIngestingBroker(port: number, document: object, folder?: string): Promise<IngestingBroker> {
  const broker = await startTestBroker(['--mqtt-ingest', writePlan({ ...planFor(port), ...document })], folder);
  return { ...broker, ...createIngesting(broker.url) };
}

export const planFor = (port: number): object => ({ broker: `mqtt://127.0.0.1:${port}`, topics: [counters] });

export function createIngesting(url: string): Ingesting {
  const ingesting: Ingesting = {
    async value(id, attribute = 'n') {
      const answer = await fetch(`${url}/ngsi-ld/v1/entities/${id}?options=keyValues`);
      return answer.ok ? ((await answer.json()) as Record<string, unknown>)[attribute] : undefined;
    },
    async count() {
      const answer = await fetch(`${url}/ngsi-ld/v1/entities?type=Counter&limit=0&count=true`);
      return Number(answer.headers.get('NGSILD-Results-Count'));
    },
    async metric(name, label = '') {
      const text = await (await fetch(`${url}/metrics`)).text();
      const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) && line.includes(label));
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    },
    async connected(isWanted = true) {
      await eventually(
        () => ingesting.metric('mlaka_ingest_connected'),
        (now) => now === (isWanted ? 1 : 0),
      );
    },
  };
  return ingesting;
}

export async function openDevice(port: number, protocolVersion: 4 | 5 = 4): Promise<MqttClient> {
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion, reconnectPeriod: 20 });
  client.on('error', () => undefined);
  devices.push(client);
  return client;
}

export async function closeDevices(): Promise<void> {
  for (const device of devices.splice(0)) await device.endAsync(true);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
}
