/**
 * Kills a broker under load repeatedly while its receivers fail in every way: no notification is lost, and the order is kept. MLAKA_KILLS
 * sets how often.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { killProcesses, type Process, startProcess } from './process.ts';
import { type Manner, type Received, type Receiver, startReceiver, stopReceivers, valueOf } from './receiver.ts';
import { eventually } from './test-broker.ts';

const kills = Number(process.env['MLAKA_KILLS'] ?? 3);
const folder = mkdtempSync(join(tmpdir(), 'mlaka-chaos-'));

afterEach(async () => {
  await killProcesses();
  await stopReceivers();
  rmSync(folder, { recursive: true, force: true });
});

const boats = 32;
/** Boats that one writer writes in turn. */
const fleet = 4;

/** What was acknowledged, and who is to be asked next. */
interface Sea {
  broker: Process;
  /** The drafts of each boat that are durable for sure. */
  readonly acknowledged: Map<string, number[]>;
  isOver: boolean;
}

/** Gives its boats one draft after the other, as fast as they are acknowledged. */
async function write(sea: Sea, first: number): Promise<void> {
  for (let turn = 0; !sea.isOver; turn += 1) await sail(sea, first + (turn % fleet), 1 + Math.floor(turn / fleet));
}

/** What is under way in a crash counts for nobody: it may be durable or not. */
async function sail(sea: Sea, boat: number, draft: number): Promise<void> {
  const { broker } = sea;
  try {
    await broker.sail(boat, draft);
    sea.acknowledged.get(`urn:ngsi-ld:Boat:${boat}`)?.push(draft);
  } catch {
    await eventually(
      () => Promise.resolve(sea.broker !== broker || sea.isOver),
      (isAnother) => isAnother,
    );
  }
}

interface Witness {
  readonly name: string;
  readonly receiver: Receiver;
  /** The drafts of each boat that were taken, in the order in which they came first, with the ids of their notifications. */
  readonly taken: Map<string, Map<number, string>>;
  /** Notifications that were taken, repeats included. */
  count: number;
  /** Repeats with another id than before. */
  readonly strange: string[];
  /** What it does to one that it does not take. */
  readonly fail: (received: Received) => Manner;
  isSound: boolean;
}

async function startWitness(name: string, fail: (received: Received) => Manner): Promise<Witness> {
  const receiver = await startReceiver();
  const witness: Witness = { name, receiver, taken: new Map(), count: 0, strange: [], fail, isSound: false };
  receiver.manner = (received) => {
    // Nothing else is to be remembered of so many.
    receiver.received.length = 0;
    const how = witness.isSound ? 200 : witness.fail(received);
    if (how === 200) take(witness, received);
    return how;
  };
  return witness;
}

function take(witness: Witness, received: Received): void {
  const { id, data } = received.body;
  const boat = String(data[0]?.['id']);
  const draft = Number(valueOf(received, 'draft'));
  const drafts = witness.taken.get(boat) ?? new Map<number, string>();
  witness.taken.set(boat, drafts);
  witness.count += 1;
  const known = drafts.get(draft);
  if (known === undefined) drafts.set(draft, id);
  else if (known !== id) witness.strange.push(`${known} came again as ${id}`);
}

const now = (chance: number, manner: Manner) => (): Manner => (Math.random() < chance ? manner : 200);

/** A receiver that goes down for a while and comes back. */
async function stumble({ receiver }: Witness, sea: Sea): Promise<void> {
  while (!sea.isOver) {
    await pause(Math.random() * 800);
    await receiver.down();
    await pause(Math.random() * 300);
    await receiver.up();
  }
}

const lastOf = (drafts: readonly number[] = []): number => drafts.at(-1) ?? 0;
const isComplete = ({ taken }: Witness, { acknowledged }: Sea): boolean =>
  [...acknowledged].every(([boat, drafts]) => taken.get(boat)?.has(lastOf(drafts)) === true);

test(
  `nothing is lost in ${kills} kills under load`,
  async () => {
    const witnesses = await Promise.all([
      startWitness('sound', () => 200),
      startWitness('crashes', () => 200),
      startWitness('hangs', now(0.001, 'hang')),
      startWitness('answers 500', now(0.02, 500)),
      startWitness('resets', now(0.002, 'reset')),
    ]);
    const start = (): Promise<Process> => startProcess(folder, ['--notify-attempts', '1000']);
    const acknowledged = new Map(Array.from({ length: boats }, (_, boat) => [`urn:ngsi-ld:Boat:${boat}`, []]));
    const sea: Sea = { broker: await start(), acknowledged, isOver: false };
    const ids: string[] = [];
    for (const { receiver } of witnesses) {
      const endpoint = { uri: receiver.url, timeout: 1000 };
      ids.push(await sea.broker.subscribe(receiver.url, {}, { endpoint }));
    }
    const work = [
      ...Array.from({ length: boats / fleet }, (_, writer) => write(sea, writer * fleet)),
      ...witnesses.filter(({ name }) => name === 'crashes').map((witness) => stumble(witness, sea)),
    ];
    for (let kill = 0; kill < kills; kill += 1) {
      await pause(200 + Math.random() * 1800);
      await sea.broker.kill();
      sea.broker = await start();
    }
    await pause(200);
    sea.isOver = true;
    await Promise.all(work);
    for (const witness of witnesses) {
      witness.isSound = true;
      // What hangs was not taken: it has to come again.
      witness.receiver.release(503);
      await eventually(
        () => Promise.resolve(isComplete(witness, sea)),
        (isDone) => isDone,
      );
    }
    for (const witness of witnesses) check(witness, sea);
    await checkStandings(sea, ids);
    if (process.env['MLAKA_KILLS'] !== undefined) report(witnesses, sea);
  },
  60_000 + kills * 20_000,
);

/** Every acknowledged draft was taken, and each boat's in order. */
function check({ name, taken, strange }: Witness, { acknowledged }: Sea): void {
  expect({ name, strange }).toEqual({ name, strange: [] });
  for (const [boat, drafts] of acknowledged) {
    const seen = [...(taken.get(boat)?.keys() ?? [])];
    expect({ name, boat, lost: drafts.filter((draft) => taken.get(boat)?.has(draft) !== true) }).toEqual({
      name,
      boat,
      lost: [],
    });
    expect({ name, boat, seen }).toEqual({ name, boat, seen: [...seen].sort((a, b) => a - b) });
  }
  const told = [...taken.values()].flatMap((drafts) => [...drafts.values()]);
  expect(new Set(told).size).toBe(told.length);
}

/** The broker says itself that nothing waits and nothing was given up. */
async function checkStandings({ broker }: Sea, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const path = `/subscriptions/${id}/explain?entity=urn:ngsi-ld:Boat:0`;
    const { delivery } = await eventually(
      () => broker.send(`GET ${path}`) as Promise<{ delivery: { position: string; newest: string } }>,
      (told) => told.delivery.position === told.delivery.newest,
    );
    expect(delivery).toMatchObject({ unread: 0, waiting: 0, deadLetters: 0, status: 'ok' });
  }
}

function report(witnesses: readonly Witness[], { acknowledged }: Sea): void {
  const changes = [...acknowledged.values()].reduce((sum, { length }) => sum + length, 0);
  const lines = witnesses.map(({ name, count, taken }) => {
    const distinct = [...taken.values()].reduce((sum, { size }) => sum + size, 0);
    return `${name}: ${count} notifications taken, ${count - distinct} of them repeats`;
  });
  process.stderr.write(`${kills} kills, ${changes} changes acknowledged\n${lines.join('\n')}\n`);
}
