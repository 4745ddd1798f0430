/** Sends long content with backpressure, within the memory budget. A client that reads too slowly loses its connection. */
import type { ServerResponse } from 'node:http';
import type { LongContent } from '../../core/operation/long-text.ts';
import { createMemoryMeter } from '../../core/port/memory.ts';
import type { Services } from '../../core/operation/operation.ts';

/** Size in bytes up to which content is written in one piece. */
export const pieceBytes = 64 * 2 ** 10;

export interface ResponseWriterContext {
  readonly services: Pick<Services, 'memory' | 'observe'>;
  /** Time in milliseconds within which a client must take a piece. */
  readonly writeTimeoutMs: number;
}

/** Content that counts against the memory budget until it is sent. */
export interface ResponseWriter {
  /** Sends the content after the head is written. Never fails. */
  writeAll(response: ServerResponse): Promise<void>;
}

/** Throws MemoryBudgetExceeded when responses use their whole share of the budget. */
export function openResponseWriter(content: Buffer | LongContent, context: ResponseWriterContext): ResponseWriter {
  const { memory } = context.services;
  const { begin: first, rest, held: ahead } = piecesOf(content);
  const held = memory.held('answers');
  const wanted = first.length + ahead();
  // A single response may exceed the share: otherwise it could never be sent.
  if (held > 0 && held + wanted > memory.share('answers')) throw memory.refusal('answers');
  memory.count('answers', wanted);
  return { writeAll: (response) => writePieces(response, { first, rest, counted: wanted, ahead, ...context }) };
}

interface Pieces {
  readonly begin: Buffer;
  readonly rest?: LongContent['rest'];
  /** The bytes of memory that the pieces take which are not made yet. */
  readonly held: () => number;
}

const piecesOf = (content: Buffer | LongContent): Pieces =>
  'begin' in content ? { held: () => 0, ...content, begin: bytesOf(content.begin) } : { begin: content, held: () => 0 };

const bytesOf = (piece: string | Uint8Array): Buffer =>
  typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);

interface WriteState extends ResponseWriterContext {
  readonly first: Buffer;
  readonly rest: LongContent['rest'] | undefined;
  /** The bytes that are counted at the beginning. */
  readonly counted: number;
  readonly ahead: () => number;
}

async function writePieces(response: ServerResponse, state: WriteState): Promise<void> {
  const { first, rest, counted, ahead, ...context } = state;
  const { memory, observe } = context.services;
  const meter = createMemoryMeter(memory, 'answers', counted);
  let sent = 0;
  const recount = (bytes: number, further: number): void => {
    meter(bytes + further);
    memory.discard(sent);
    sent = bytes;
  };
  const send = (piece: Buffer): Promise<boolean> => {
    recount(piece.length, ahead());
    return handOver(piece, response, context);
  };
  try {
    const isTaken = (await send(first)) && (!rest || (await every(rest, (piece) => send(bytesOf(piece)))));
    if (isTaken) await endAndFlush(response, context);
  } catch (cause) {
    // The head is sent already, so closing the connection is the only way to signal that the content is incomplete.
    observe({ kind: 'failed', where: 'http', cause });
    response.destroy();
  } finally {
    recount(0, 0);
  }
}

/** True when all pieces are sent. */
async function every(
  pieces: LongContent['rest'],
  send: (piece: string | Uint8Array) => Promise<boolean>,
): Promise<boolean> {
  for await (const piece of pieces) if (!(await send(piece))) return false;
  return true;
}

/** Writes bytes in pieces and waits for drain between them. False when the connection is closed. */
async function handOver(bytes: Buffer, response: ServerResponse, context: ResponseWriterContext): Promise<boolean> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    if (response.destroyed) return false;
    const isTaken = response.write(bytes.subarray(at, at + pieceBytes));
    if (!isTaken && !(await waitForEvent('drain', response, context))) return false;
  }
  return !response.destroyed;
}

async function endAndFlush(response: ServerResponse, context: ResponseWriterContext): Promise<void> {
  response.end();
  if (!response.writableFinished) await waitForEvent('finish', response, context);
}

/** Closes the connection when content that was written in one piece is not taken in time. */
export function watchDrainTimeout(response: ServerResponse, bytes: number, context: ResponseWriterContext): void {
  const { memory } = context.services;
  memory.count('answers', bytes);
  void waitForEvent('finish', response, context).then(() => memory.count('answers', -bytes));
}

/** Waits for `drain` or `finish`. False when the connection closes; it is closed after the timeout. */
function waitForEvent(
  event: 'drain' | 'finish',
  response: ServerResponse,
  { services, writeTimeoutMs }: ResponseWriterContext,
): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isTaken: boolean): void => {
      clearTimeout(timer);
      response.off(event, taken).off('close', gone);
      resolve(isTaken);
    };
    const taken = (): void => settle(true);
    const gone = (): void => settle(false);
    const timer = setTimeout(() => {
      services.observe({ kind: 'readerDropped', binding: 'http' });
      response.destroy();
    }, writeTimeoutMs);
    response.once(event, taken).once('close', gone);
  });
}
