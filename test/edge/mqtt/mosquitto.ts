/** Runs mosquitto, if it is installed, as an MQTT broker that supports 5.0. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';

const command = ['mosquitto', '/usr/sbin/mosquitto'].find((path) => spawnSync(path, ['-h']).error === undefined);
export const hasMosquitto = command !== undefined;

export interface Mosquitto {
  readonly port: number;
  /** Payloads in the order of their arrival, of all topics that everybody may read. */
  readonly received: readonly { readonly topic: string; readonly qos: number; readonly payload: string }[];
  stop(): Promise<void>;
}

/** Starts it with these lines in its configuration, on a free port unless told, and listens to these topics. */
export async function startMosquitto(lines: readonly string[] = [], own?: number, heard = '#'): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-mosquitto-'));
  const port = own ?? (await freePort());
  const file = join(folder, 'mosquitto.conf');
  const common = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', `user ${userInfo().username}`];
  writeFileSync(file, [...common, ...lines, ''].join('\n'));
  const child = spawn(command ?? '', ['-c', file], { stdio: 'ignore' });
  const reader = await readerOf(port, child);
  const received: { topic: string; qos: number; payload: string }[] = [];
  reader.on('message', (topic, payload, { qos }) => received.push({ topic, qos, payload: payload.toString() }));
  await reader.subscribeAsync(heard, { qos: 2 });
  return {
    port,
    received,
    async stop() {
      await reader.endAsync(true);
      const exited = once(child, 'exit');
      child.kill();
      await exited;
      rmSync(folder, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Tries until it listens. */
async function readerOf(port: number, child: ChildProcess): Promise<MqttClient> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`mosquitto ended with ${child.exitCode}`);
    try {
      return await connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0, protocolVersion: 5 }, false);
    } catch {
      await wait(20);
    }
  }
}
