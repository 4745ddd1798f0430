/** Runs two brokers on three MongoDB servers, each of which can be killed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, MongoNetworkError } from 'mongodb';
import { killProcesses, type Process, startProcess } from '../../edge/deliver/process.ts';
import { findMongod } from '../../mongo/mongod.ts';
import { startReplicaSet } from '../../mongo/replica-set.ts';

export interface Cluster {
  /** Where the data are. */
  readonly url: string;
  /** One of the brokers that are up, by chance; undefined: none is. */
  broker(): Process | undefined;
  /** Kills a broker. The answer starts another in its place. */
  killBroker(place: number): Promise<() => Promise<void>>;
  /** Kills the primary. The answer starts it again. */
  killPrimary(): Promise<() => Promise<void>>;
  /** Makes another server the primary. There is nothing to mend. */
  stepDown(): Promise<() => Promise<void>>;
  /** Kills all brokers; the data stay. */
  killBrokers(): Promise<void>;
  stop(): Promise<void>;
}

export async function startCluster(): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-chaos-'));
  const set = await startReplicaSet(await findMongod((progress) => process.stderr.write(`${progress}\n`)));
  const url = set.url.replace('/?', '/chaos?');
  const client = new MongoClient(set.url);
  const level = process.env['MLAKA_LOG_LEVEL'] ?? 'silent';
  const args = ['--store', 'mongo', '--mongo-url', url, '--log-level', level];
  const brokers: (Process | undefined)[] = [];
  const start = async (place: number): Promise<void> => {
    brokers[place] = await startProcess(folder, args);
  };
  await Promise.all([start(0), start(1)]);
  return {
    url,
    broker() {
      const up = brokers.filter((one) => one !== undefined);
      return up[Math.floor(Math.random() * up.length)];
    },
    async killBroker(place) {
      const broker = brokers[place];
      brokers[place] = undefined;
      await broker?.kill();
      return () => start(place);
    },
    async killPrimary() {
      const { primary } = await client.db('admin').command({ hello: 1 });
      const member = set.members.find(({ port }) => String(primary).endsWith(`:${port}`));
      if (!member) throw new Error(`${String(primary)} is none of the servers.`);
      await member.kill();
      return () => member.start();
    },
    stepDown: () => stepDown(client),
    killBrokers: killProcesses,
    async stop() {
      await killProcesses();
      await client.close();
      await set.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

async function stepDown(client: MongoClient): Promise<() => Promise<void>> {
  try {
    await client.db('admin').command({ replSetStepDown: 5, secondaryCatchUpPeriodSecs: 3 });
  } catch (error) {
    // Some servers break connections before they answer.
    if (!(error instanceof MongoNetworkError)) throw error;
  }
  return () => Promise.resolve();
}
