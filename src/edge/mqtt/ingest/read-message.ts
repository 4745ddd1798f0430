/**
 * Parses a message into elements of a batch: matches the topic, decodes the payload, splits it into rows, and applies the maps of
 * the topic.
 */
import { quoted, RowError } from '../../../core/mapping/row-error.ts';
import { cellOf, type Row } from '../../../core/mapping/row.ts';
import { isDeeper } from '../../../core/model/json-depth.ts';
import { isArray, isObject, type Json, type JsonObject, parseGiven } from '../../../core/model/json.ts';
import type { Instant } from '../../../core/model/instant.ts';
import type { TopicPlan } from './plan.ts';
import { arrivalColumn, type Element, payloadColumn, topicColumn } from './read-element.ts';

export interface ReceivedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly at: Instant;
}

/** An element of a message, its write mode, and with whose rights it is written. */
export interface ParsedElement {
  readonly write: TopicPlan['write'];
  readonly writer?: TopicPlan['writer'];
  readonly element: Element;
}

export interface ReadingOptions {
  readonly topics: readonly TopicPlan[];
  /** Maximum payload in bytes; larger ones are rejected. */
  readonly bytesMax: number;
  readonly depthMax: number;
  /** Maximum number of rows in a message. */
  readonly rowsMax: number;
}

const skipped = (reason: string): Element => ({ outcome: 'skipped', reason });
const rejected = (reason: string): Element => ({ outcome: 'rejected', reason });

/**
 * Reads a message with the first topic that it matches, and with all others of the same filter. A map that finds no value is no
 * fault when another map produces an entity. An empty payload is skipped: publishers clear retained messages with it.
 */
export function readMessage(arrived: ReceivedMessage, options: ReadingOptions): readonly ParsedElement[] {
  const { topics, bytesMax } = options;
  const { topic, payload } = arrived;
  if (payload.length === 0) return [{ write: 'upsert', element: skipped('it is empty') }];
  const first = topics.find(({ pattern }) => pattern.match(topic));
  const reason = first ? `it has ${payload.length} bytes, more than ${bytesMax}` : 'no topic matches';
  if (!first || payload.length > bytesMax) return [{ write: 'upsert', element: rejected(reason) }];
  const plans = topics.filter(({ pattern }) => pattern.filter === first.pattern.filter);
  const payloads = createPayloads(payload, options.depthMax);
  const read = plans.map((plan) => ({ plan, elements: elementsOf(arrived, plan, { ...options, payloads }) }));
  const isOfUse = read.some(({ elements }) => elements.some(({ outcome }) => outcome === 'entity'));
  return read.flatMap(({ plan, elements }) =>
    (isOfUse && elements.every(isEmpty) ? [] : elements).map((element) => ({
      write: plan.write,
      writer: plan.writer,
      element,
    })),
  );
}

const isEmpty = (element: Element): boolean => element.outcome === 'rejected' && element.isEmpty === true;

interface MessageContext extends ReadingOptions {
  readonly payloads: Payloads;
}

function elementsOf(
  { topic, at }: ReceivedMessage,
  plan: TopicPlan,
  { payloads, rowsMax }: MessageContext,
): readonly Element[] {
  try {
    const own = { ...plan.pattern.match(topic), [topicColumn]: topic, [arrivalColumn]: at };
    const payload = payloads(plan.form);
    const elements = listOf(payload, plan.each);
    if (elements.length > rowsMax) throw new RowError(`it has ${elements.length} rows, more than ${rowsMax}`);
    const around = plan.each !== undefined && isObject(payload) ? payload : {};
    const rowOf = createRows(plan.columns, around);
    return elements.map((element) => plan.read({ ...rowOf(element), ...own }));
  } catch (error) {
    // Any error rejects the message: a retry would fail in the same way.
    return [rejected(error instanceof Error ? error.message : String(error))];
  }
}

/** Returns the payload in the form that a map needs, parsed once per form. Throws a RowFlaw when the payload is not in that form. */
type Payloads = (form: TopicPlan['form']) => Json;

function createPayloads(bytes: Buffer, depthMax: number): Payloads {
  let read: Json | undefined;
  return (form) => (form === 'text' ? decoded(bytes) : (read ??= readJson(decoded(bytes), depthMax)));
}

function readJson(text: string, depthMax: number): Json {
  if (isDeeper(text, depthMax)) throw new RowError(`it is nested more than ${depthMax} levels deep`);
  try {
    return parseGiven(text);
  } catch {
    throw new RowError(`it is ${quoted(text)}, which is no JSON`);
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function decoded(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new RowError('it is no text in UTF-8');
  }
}

const anyCells = { empties: new Set<string>() };

/** The elements of a payload that are rows. A missing list has no rows. */
function listOf(payload: Json, each: string | undefined): readonly Json[] {
  if (each === undefined) return isArray(payload) ? payload : [payload];
  if (!isObject(payload)) throw new RowError(`it is ${quoted(payload)}, which has no ${each}`);
  const found = cellOf(payload, each, anyCells) ?? [];
  if (!isArray(found)) throw new RowError(`${each} is ${quoted(found)}, which is no list`);
  return found;
}

/**
 * Creates rows from the elements of a list. Columns are the members of the element, then those of the surrounding object. Only
 * members that some column may refer to are copied, so the cost of a row depends on its map and not on the payload size.
 */
function createRows(columns: ReadonlySet<string>, around: JsonObject): (element: Json) => Row {
  const names = [...new Set([...columns].flatMap(beginningsOf))];
  const common = membersOf(around, names);
  return (element) => ({
    ...common,
    ...(isObject(element) ? membersOf(element, names) : undefined),
    [payloadColumn]: element,
  });
}

const membersOf = (object: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(
    names.flatMap((name) => {
      const member = Object.hasOwn(object, name) ? object[name] : undefined;
      return member === undefined ? [] : [[name, member] as const];
    }),
  );

/** Member names with which a column may begin: for `a.b.c` they are `a`, `a.b` and `a.b.c`. */
function beginningsOf(column: string): readonly string[] {
  const parts = column.split('.');
  return parts.map((_, index) => parts.slice(0, index + 1).join('.'));
}
