/** Writes through any running broker, and records the result of each write. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';

/** A write: no other has its value. */
export interface Attempt {
  readonly entity: string;
  readonly value: number;
  readonly beganMs: number;
  /** When it was acknowledged; Infinity: it was not, so that it may be durable or not. */
  endedMs: number;
}

export interface Load {
  /** By value, in the order in which they began. */
  readonly attempts: ReadonlyMap<number, Attempt>;
  readonly entities: readonly string[];
  /** Answers that no failure around a broker explains. */
  readonly faults: readonly string[];
  /** Ends the writing, with an acknowledged write to each entity. Answers these. */
  finish(): Promise<readonly Attempt[]>;
}

const writers = 6;
/** Entities that a writer has for itself, and those that all of them write. */
const ownMax = 4;
const sharedMax = 4;
const paceMs = 15;

const boat = (name: string): string => `urn:ngsi-ld:Boat:${name}`;
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);
const shared = numbers(sharedMax).map((n) => boat(`shared-${n}`));
const ownOf = (writer: number): readonly string[] => numbers(ownMax).map((n) => boat(`${writer}-${n}`));

/** Begins to write. */
export function startLoad(cluster: Cluster): Load {
  const attempts = new Map<number, Attempt>();
  const entities = [...shared, ...numbers(writers).flatMap(ownOf)];
  const faults: string[] = [];
  let isOver = false;
  const note = (error: unknown): void => {
    const status = error instanceof Error ? / (\d{3}) /.exec(error.message)?.[1] : undefined;
    if (status !== undefined && status !== '503') faults.push(String(error));
  };
  const write = async (entity: string): Promise<Attempt> => {
    const value = attempts.size + 1;
    const attempt: Attempt = { entity, value, beganMs: performance.now(), endedMs: Infinity };
    attempts.set(value, attempt);
    try {
      await send(cluster, attempt);
      attempt.endedMs = performance.now();
    } catch (error) {
      note(error);
    }
    await pause(paceMs * (0.5 + Math.random()));
    return attempt;
  };
  const read = async (id: string): Promise<void> => {
    await cluster.broker()?.send(`GET /entities?type=Boat&id=${id}`).catch(note);
  };
  const writeSome = async (writer: number): Promise<void> => {
    const own = ownOf(writer);
    for (let turn = 0; !isOver; turn += 1) {
      const some = turn % 3 === 0 ? shared : own;
      const entity = some[Math.floor(Math.random() * some.length)] ?? '';
      await write(entity);
      if (turn % 5 === 0) await read(entity);
    }
  };
  const writeSurely = async (entity: string): Promise<Attempt> => {
    for (;;) {
      const attempt = await write(entity);
      if (attempt.endedMs < Infinity) return attempt;
    }
  };
  const writing = numbers(writers).map(writeSome);
  return {
    attempts,
    entities,
    faults,
    async finish() {
      isOver = true;
      await Promise.all(writing);
      return Promise.all(entities.map(writeSurely));
    },
  };
}

async function send(cluster: Cluster, { entity, value }: Attempt): Promise<void> {
  const broker = cluster.broker();
  if (!broker) throw new Error('No broker is up.');
  const answer = await broker.send('POST /entityOperations/upsert?options=update', [
    { id: entity, type: 'Boat', draft: { type: 'Property', value } },
  ]);
  if (typeof answer === 'object' && answer !== null && 'errors' in answer) throw new Error(JSON.stringify(answer));
}
