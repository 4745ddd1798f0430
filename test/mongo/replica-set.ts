/** Runs a replica set of three real servers on this machine, in a temporary folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';

const replicaSet = 'mlaka';

export interface ReplicaSet {
  /** What a client connects to. */
  readonly url: string;
  readonly members: readonly Member[];
  /** Ends all servers and removes what they kept. */
  stop(): Promise<void>;
}

/** One server. */
interface Member {
  readonly port: number;
  /** Ends it as a crash does. */
  kill(): Promise<void>;
  /** Has it stand still, connections and all, until it goes on. */
  freeze(): void;
  thaw(): void;
  /** Starts it where it was, with what it kept. */
  start(): Promise<void>;
}

/** Starts one and waits until it takes writes. Throws an Error that quotes the log of a server that does not start. */
export async function startReplicaSet(mongod: string, size = 3): Promise<ReplicaSet> {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-mongo-'));
  const folders = Array.from({ length: size }, (_, n) => join(folder, String(n)));
  const members = await Promise.all(folders.map((own) => openMember(mongod, own, ['--replSet', replicaSet])));
  const stop = async (): Promise<void> => {
    await Promise.all(members.map((member) => member.kill()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(members.map((member) => member.start()));
    const hosts = members.map(({ port }) => `127.0.0.1:${port}`);
    const url = `mongodb://${hosts.join(',')}/?replicaSet=${replicaSet}`;
    await initiate(hosts);
    await waitForPrimary(url);
    return { url, members, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts a server that is in no replica set. */
export async function startStandalone(mongod: string): Promise<Pick<ReplicaSet, 'url' | 'stop'>> {
  const folder = mkdtempSync(join(tmpdir(), 'mlaka-mongo-'));
  const member = await openMember(mongod, join(folder, '0'), []);
  await member.start();
  const stop = async (): Promise<void> => {
    await member.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  return { url: `mongodb://127.0.0.1:${member.port}/`, stop };
}

async function openMember(mongod: string, folder: string, args: readonly string[]): Promise<Member> {
  mkdirSync(folder);
  const port = await freePort();
  const log = join(folder, 'mongod.log');
  let server: ChildProcess | undefined;
  return {
    port,
    async start() {
      server = spawn(mongod, [...args, ...argumentsOf({ port, folder, log })], { stdio: 'ignore' });
      const ended = once(server, 'exit').then(([code]) => {
        throw new Error(
          `A mongod ended with ${String(code)}; its log ends with:\n${readFileSync(log, 'utf8').slice(-2000)}`,
        );
      });
      ended.catch(() => undefined);
      await Promise.race([ended, ping(`mongodb://127.0.0.1:${port}/?directConnection=true`)]);
    },
    freeze: () => void server?.kill('SIGSTOP'),
    thaw: () => void server?.kill('SIGCONT'),
    async kill() {
      if (!server || server.exitCode !== null || server.signalCode !== null) return;
      const exit = once(server, 'exit');
      server.kill('SIGKILL');
      await exit;
    },
  };
}

const argumentsOf = ({ port, folder, log }: { port: number; folder: string; log: string }): readonly string[] => [
  ...['--bind_ip', '127.0.0.1', '--port', String(port), '--nounixsocket'],
  ...['--dbpath', folder, '--logpath', log, '--quiet'],
  ...['--wiredTigerCacheSizeGB', '0.25', '--oplogSize', '128'],
  ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || !address) throw new Error('No port is free.');
  return address.port;
}

async function initiate(hosts: readonly string[]): Promise<void> {
  const client = new MongoClient(`mongodb://${hosts[0]}/?directConnection=true`);
  const members = hosts.map((host, _id) => ({ _id, host }));
  // Short times, so that tests see a new primary soon after the old one is gone.
  const settings = { electionTimeoutMillis: 2000, heartbeatIntervalMillis: 500 };
  try {
    await client.db('admin').command({ replSetInitiate: { _id: replicaSet, members, settings } });
  } finally {
    await client.close();
  }
}

async function ping(url: string): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 60_000 });
  try {
    await client.db('admin').command({ ping: 1 });
  } finally {
    await client.close();
  }
}

/** Until a write is acknowledged by the majority. */
async function waitForPrimary(url: string): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 60_000 });
  try {
    const trial = client.db('mlaka-trial');
    await trial.collection('trial').insertOne({}, { writeConcern: { w: 'majority' } });
    await trial.dropDatabase();
  } finally {
    await client.close();
  }
}
