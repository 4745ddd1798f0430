/** Operations on dead letters: to look at what was given up of a subscription, to send it again, to discard it. */
import type { Json, JsonObject } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import { quoted, readId } from '../../model/read/id.ts';
import { type DeadLetter, deadLetterShelf, discardLetters, letterIn, letterKey } from '../../port/dead-letters.ts';
import { epochOf, parsePosition, positionText } from '../../port/position.ts';
import { readEach } from '../../port/shelf.ts';
import type { Shelf } from '../../port/store.ts';
import type { Answer, Ask, Call, Operation } from '../operation.ts';
import { pageOf, readPaging } from '../parameters.ts';
import { find } from './write-subscription.ts';

const common = { clause: '5.8.6', media: ['json'], body: 'none', takesContext: true } as const;
const all = '/subscriptions/{id}/deadLetters';
const one = `${all}/{letterId}`;
const reading = { ...common, method: 'GET', action: 'read' } as const;
const replaying = { ...common, method: 'POST', action: 'write', parameters: [] } as const;
const discarding = { ...common, method: 'DELETE', action: 'write', parameters: [] } as const;

export const listDeadLetters: Operation = {
  ...reading,
  name: 'listDeadLetters',
  path: all,
  parameters: ['limit', 'offset', 'count'],
  async run(ask, call) {
    const paging = readPaging(ask.params, call.world.limits);
    const { shelf } = await open(ask, call);
    const keys = await shelf.keys();
    const rest = keys.slice(paging.offset, paging.offset + paging.limit + 1);
    const texts: string[] = [];
    for (const key of rest.slice(0, paging.limit)) {
      const pause = call.world.breathe();
      if (pause) await pause;
      const document = await shelf.get(key);
      const letters = document === undefined ? [] : readEach([{ key, document }], readLetter, tellUnreadable(call));
      for (const letter of letters) texts.push(JSON.stringify(await headOf(letter, call)));
    }
    const page = pageOf(rest.length, paging, paging.isCounted ? keys.length : undefined);
    return { kind: 'found', text: `[${texts.join(',')}]`, page };
  },
};

export const retrieveDeadLetter: Operation = {
  ...reading,
  name: 'retrieveDeadLetter',
  path: one,
  parameters: [],
  async run(ask, call) {
    const letter = letterIn((await openLetter(ask, call)).kept);
    const { contentType, link, body } = letter.wording;
    const head = { ...(await headOf(letter, call)), contentType, ...(link === undefined ? undefined : { link }) };
    return { kind: 'found', text: `${JSON.stringify(head).slice(0, -1)},"notification":${body}}` };
  },
};

export const replayDeadLetters: Operation = {
  ...replaying,
  name: 'replayDeadLetters',
  path: `${all}/replay`,
  async run(ask, call) {
    const { document, shelf } = await open(ask, call);
    return replay(document, await shelf.keys(), call);
  },
};

export const replayDeadLetter: Operation = {
  ...replaying,
  name: 'replayDeadLetter',
  path: `${one}/replay`,
  async run(ask, call) {
    const { document, key } = await openLetter(ask, call);
    return replay(document, [key], call);
  },
};

export const discardDeadLetters: Operation = {
  ...discarding,
  name: 'discardDeadLetters',
  path: all,
  async run(ask, call) {
    const { shelf } = await open(ask, call);
    await discardLetters(shelf);
    return { kind: 'done' };
  },
};

export const discardDeadLetter: Operation = {
  ...discarding,
  name: 'discardDeadLetter',
  path: one,
  async run(ask, call) {
    const { shelf, key } = await openLetter(ask, call);
    await shelf.delete(key);
    return { kind: 'done' };
  },
};

type Subject = Awaited<ReturnType<typeof find>>;

/** The subscription, and the shelf with its letters. Throws ResourceNotFound when there is no such subscription. */
async function open(ask: Ask, call: Call): Promise<{ readonly document: Subject; readonly shelf: Shelf }> {
  const document = await find(readId(ask.path['id'], 'the id of the subscription'), call);
  return { document, shelf: call.store.shelf(deadLetterShelf(document.id)) };
}

interface Opened {
  readonly document: Subject;
  readonly shelf: Shelf;
  readonly key: string;
  readonly kept: Json;
}

/** Throws ResourceNotFound when there is no such subscription, or no such letter. */
async function openLetter(ask: Ask, call: Call): Promise<Opened> {
  const { document, shelf } = await open(ask, call);
  const id = ask.path['letterId'] ?? '';
  const position = parsePosition(id, await epochOf(call.store, call.world.ids));
  const key = letterKey(position ?? 0);
  const kept = await shelf.get(key);
  if (kept === undefined)
    throw new Problem('ResourceNotFound', `There is no dead letter ${quoted(id)} of the subscription ${document.id}.`);
  return { document, shelf, key, kept };
}

const readLetter = ({ document }: { readonly document: Json }): DeadLetter => letterIn(document);

const tellUnreadable =
  ({ world }: Call) =>
  (key: string, cause: unknown): void =>
    world.observe({ kind: 'failed', where: 'dead letter', about: key, cause });

/** What is told of a letter without its content. */
async function headOf(letter: DeadLetter, { store, world }: Call): Promise<JsonObject> {
  const { position, wording: _wording, ...rest } = letter;
  return { id: positionText(await epochOf(store, world.ids), position), type: 'DeadLetter', ...rest };
}

async function replay(document: Subject, keys: readonly string[], { tenant, world }: Call): Promise<Answer> {
  await world.subscriptions.replay(tenant, document, keys);
  return { kind: 'done' };
}
