/** Operations on dead letters: list the notifications that could not be delivered, send them again, discard them. */
import { type Json, type JsonObject, parseJson } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import { quoted } from '../../model/read/id.ts';
import {
  type DeadLetter,
  deadLetterCollection,
  discardLetters,
  parseDeadLetter,
  deadLetterKey,
} from '../../port/dead-letters.ts';
import { epochOf, parsePosition, positionText } from '../../port/position.ts';
import { readEach } from '../../port/document-collection.ts';
import type { DocumentCollection } from '../../port/store.ts';
import type { OperationResult, OperationRequest, CallContext, Operation } from '../operation.ts';
import { pageOf, readPaging } from '../parameters.ts';
import { readAnyId, requireWhole } from './owner.ts';
import { find } from './write-subscription.ts';

const common = {
  clause: '5.8.6',
  access: 'subscribe',
  checksDocuments: true,
  media: ['json'],
  body: 'none',
  takesContext: true,
} as const;
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
  async run(request, call) {
    const paging = readPaging(request.params, call.services.limits);
    const { collection } = await open(request, call);
    const keys = await collection.keys();
    const rest = keys.slice(paging.offset, paging.offset + paging.limit + 1);
    const texts: string[] = [];
    for (const key of rest.slice(0, paging.limit)) {
      const pause = call.services.yieldToEventLoop();
      if (pause) await pause;
      const document = await collection.get(key);
      const letters = document === undefined ? [] : readEach([{ key, document }], readLetter, reportUnreadable(call));
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
  async run(request, call) {
    requireWhole(call);
    const letter = parseDeadLetter((await openLetter(request, call)).kept);
    const { contentType, link, body, request: own } = letter.wording;
    const head = { ...(await headOf(letter, call)), contentType, ...(link === undefined ? undefined : { link }) };
    return {
      kind: 'found',
      text: `${JSON.stringify(head).slice(0, -1)},"notification":${own ? ownBody(body) : body}}`,
    };
  },
};

/** The body of a notification of NGSI v2 as JSON text: JSON as it is, any other text as a string. */
function ownBody(body: string): string {
  try {
    return JSON.stringify(parseJson(body));
  } catch {
    return JSON.stringify(body);
  }
}

export const replayDeadLetters: Operation = {
  ...replaying,
  name: 'replayDeadLetters',
  path: `${all}/replay`,
  async run(request, call) {
    const { document, collection } = await open(request, call);
    return replay(document, await collection.keys(), call);
  },
};

export const replayDeadLetter: Operation = {
  ...replaying,
  name: 'replayDeadLetter',
  path: `${one}/replay`,
  async run(request, call) {
    const { document, key } = await openLetter(request, call);
    return replay(document, [key], call);
  },
};

export const discardDeadLetters: Operation = {
  ...discarding,
  name: 'discardDeadLetters',
  path: all,
  async run(request, call) {
    const { collection } = await open(request, call);
    await discardLetters(collection);
    return { kind: 'done' };
  },
};

export const discardDeadLetter: Operation = {
  ...discarding,
  name: 'discardDeadLetter',
  path: one,
  async run(request, call) {
    const { collection, key } = await openLetter(request, call);
    await collection.delete(key);
    return { kind: 'done' };
  },
};

type DeadLetterRequest = Awaited<ReturnType<typeof find>>;

/** The subscription, and the collection of its dead letters. Throws ResourceNotFound when there is no such subscription. */
async function open(
  request: OperationRequest,
  call: CallContext,
): Promise<{ readonly document: DeadLetterRequest; readonly collection: DocumentCollection }> {
  const document = await find(readAnyId(request.path['id']), call);
  return { document, collection: call.store.collection(deadLetterCollection(document.id)) };
}

interface Opened {
  readonly document: DeadLetterRequest;
  readonly collection: DocumentCollection;
  readonly key: string;
  readonly kept: Json;
}

/** Throws ResourceNotFound when there is no such subscription, or no such dead letter. */
async function openLetter(request: OperationRequest, call: CallContext): Promise<Opened> {
  const { document, collection } = await open(request, call);
  const id = request.path['letterId'] ?? '';
  const position = parsePosition(id, await epochOf(call.store, call.services.ids));
  const key = deadLetterKey(position ?? 0);
  const kept = await collection.get(key);
  if (kept === undefined)
    throw new Problem('ResourceNotFound', `There is no dead letter ${quoted(id)} of the subscription ${document.id}.`);
  return { document, collection, key, kept };
}

const readLetter = ({ document }: { readonly document: Json }): DeadLetter => parseDeadLetter(document);

const reportUnreadable =
  ({ services }: CallContext) =>
  (key: string, cause: unknown): void =>
    services.observe({ kind: 'failed', where: 'dead letter', about: key, cause });

/** A dead letter as JSON without its content. */
async function headOf(letter: DeadLetter, { store, services }: CallContext): Promise<JsonObject> {
  const { position, wording: _wording, ...rest } = letter;
  return { id: positionText(await epochOf(store, services.ids), position), type: 'DeadLetter', ...rest };
}

async function replay(
  document: DeadLetterRequest,
  keys: readonly string[],
  call: CallContext,
): Promise<OperationResult> {
  requireWhole(call);
  const { storeName, services } = call;
  await services.subscriptions.replay(storeName, document, keys);
  return { kind: 'done' };
}
