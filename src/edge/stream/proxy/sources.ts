/**
 * Manages event sources, with or without a client, and the callbacks that forward notifications to them. They are in memory and
 * limited in number.
 */
import { randomUUID } from 'node:crypto';
import { Problem } from '../../../core/model/problem.ts';
import { quoted } from '../../../core/model/read/id.ts';
import type { EventSink, Services } from '../../../core/operation/operation.ts';
import { createEventOutgoing, type EventOutgoing } from '../event-outgoing.ts';
import type { StreamLimits } from '../limits.ts';

export interface SourcesOptions {
  readonly limits: Pick<StreamLimits, 'connectionsMax' | 'subscriptionsMax' | 'bufferBytes' | 'pingIntervalMs'>;
  /** Time in milliseconds for which an event source without a client is kept. */
  readonly idleTimeoutMs: number;
  readonly services: Pick<Services, 'memory' | 'observe'>;
}

/** Methods throw ResourceNotFound for an unknown id, and Unavailable. */
export interface Sources {
  /** Creates an event source. Returns its id. */
  create(): string;
  /** Returns the function that connects a client, which replaces the previous client. `greeting` is the first text sent. */
  listener(id: string, greeting: string): (sink: EventSink) => void;
  /** Removes an event source and its callbacks. */
  remove(id: string): void;
  /** Creates a callback of an event source. Returns its id. */
  createCallback(id: string): string;
  /** Sends an event to the event source of a callback. */
  notify(callbackId: string, event: string): void;
  removeCallback(callbackId: string): void;
  /** Ends all event sources and refuses new ones. */
  close(): void;
}

interface Source {
  readonly id: string;
  readonly callbacks: Set<string>;
  /** What waits for the client. Absent: no client is connected. */
  outgoing?: EventOutgoing;
  /** Removes the event source unless a client connects first. */
  timer?: NodeJS.Timeout;
}

interface State extends SourcesOptions {
  readonly sources: Map<string, Source>;
  /** Event sources by callback id. */
  readonly callbacks: Map<string, Source>;
  isClosing: boolean;
}

export function createSources(options: SourcesOptions): Sources {
  const state: State = { ...options, sources: new Map(), callbacks: new Map(), isClosing: false };
  const { sources, callbacks } = state;
  return {
    create: () => create(state),
    listener: (id, greeting) => {
      const source = found(sources, id, 'event source');
      return (sink) => listen(state, source, { sink, greeting });
    },
    remove: (id) => remove(state, found(sources, id, 'event source')),
    createCallback: (id) => createCallback(state, found(sources, id, 'event source')),
    notify: (callbackId, event) => notify(state, found(callbacks, callbackId, 'callback'), event),
    removeCallback: (callbackId) => {
      found(callbacks, callbackId, 'callback').callbacks.delete(callbackId);
      callbacks.delete(callbackId);
    },
    close: () => {
      state.isClosing = true;
      for (const source of [...sources.values()]) remove(state, source);
    },
  };
}

function found(among: ReadonlyMap<string, Source>, id: string, what: string): Source {
  const source = among.get(id);
  if (source) return source;
  throw new Problem('ResourceNotFound', `There is no ${what} ${quoted(id)}, or not any more.`);
}

const unavailable = (detail: string): Problem => new Problem('Unavailable', detail);

function create(state: State): string {
  const { sources, limits, isClosing } = state;
  if (isClosing) throw unavailable('The broker stops.');
  if (sources.size >= limits.connectionsMax) throw unavailable('There are too many event sources; try again later.');
  const source: Source = { id: randomUUID(), callbacks: new Set() };
  sources.set(source.id, source);
  awaitClient(state, source);
  return source.id;
}

/** Starts the timer within which a client must connect. */
function awaitClient(state: State, source: Source): void {
  source.timer = setTimeout(() => remove(state, source), state.idleTimeoutMs).unref();
}

function listen(
  state: State,
  source: Source,
  { sink, greeting }: { readonly sink: EventSink; readonly greeting: string },
): void {
  // The event source may have been removed since the request.
  if (!state.sources.has(source.id)) {
    sink.end();
    return;
  }
  clearTimeout(source.timer);
  const outgoing = createEventOutgoing({ ...state.services, sink, binding: 'ngsi-proxy' });
  const before = source.outgoing;
  source.outgoing = outgoing;
  before?.close();
  const heart = setInterval(outgoing.beat, state.limits.pingIntervalMs);
  sink.closed(() => {
    clearInterval(heart);
    if (source.outgoing !== outgoing) return;
    delete source.outgoing;
    awaitClient(state, source);
  });
  outgoing.send([greeting]);
}

function remove({ sources, callbacks }: State, source: Source): void {
  const { id, outgoing, timer } = source;
  sources.delete(id);
  for (const callbackId of source.callbacks) callbacks.delete(callbackId);
  clearTimeout(timer);
  delete source.outgoing;
  outgoing?.close();
}

function createCallback({ callbacks, limits }: State, source: Source): string {
  if (source.callbacks.size >= limits.subscriptionsMax)
    throw unavailable(
      `The event source has ${limits.subscriptionsMax} callbacks, which are the most that it may have.`,
    );
  const callbackId = randomUUID();
  source.callbacks.add(callbackId);
  callbacks.set(callbackId, source);
  return callbackId;
}

/** Forwards an event. Without a client, or with a slow one, it answers Unavailable, so that a broker that queues notifications retries. */
function notify({ limits }: State, { outgoing }: Source, event: string): void {
  if (!outgoing?.isOpen()) throw unavailable('Nobody listens to the event source at present.');
  if (outgoing.backlog() > limits.bufferBytes) {
    outgoing.close(true);
    throw unavailable('The client of the event source does not keep up, and was let go.');
  }
  outgoing.send([event]);
}
