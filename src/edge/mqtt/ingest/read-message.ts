/** From a message to elements of a batch: topic, text, JSON, rows, and the maps that its topic has. */
import { quoted, RowFlaw } from '../../../core/mapping/flaw.ts';
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

/** What a message says of one entity, and what is to be done with it. */
export interface ParsedElement {
  readonly write: TopicPlan['write'];
  readonly element: Element;
}

export interface ReadingOptions {
  readonly topics: readonly TopicPlan[];
  /** Largest payload that is looked at. */
  readonly bytesMax: number;
  readonly depthMax: number;
  /** Most rows that a map may make of a message. */
  readonly rowsMax: number;
}

const skipped = (reason: string): Element => ({ outcome: 'skipped', reason });
const rejected = (reason: string): Element => ({ outcome: 'rejected', reason });

/**
 * A message goes to the first topic that it matches, and to all others with the same filter. A map that finds nothing in it
 * is no fault when another one does. A message without a payload says nothing: that is how retained messages are taken back.
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
    (isOfUse && elements.every(isEmpty) ? [] : elements).map((element) => ({ write: plan.write, element })),
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
    if (elements.length > rowsMax) throw new RowFlaw(`it has ${elements.length} rows, more than ${rowsMax}`);
    const around = plan.each !== undefined && isObject(payload) ? payload : {};
    const rowOf = createRows(plan.columns, around);
    return elements.map((element) => plan.read({ ...rowOf(element), ...own }));
  } catch (error) {
    // The same message would fail in the same way for ever, whatever it is.
    return [rejected(error instanceof Error ? error.message : String(error))];
  }
}

/** The payload in the form that a map wants; read once for all maps of that form. Throws a RowFlaw when it is none. */
type Payloads = (form: TopicPlan['form']) => Json;

function createPayloads(bytes: Buffer, depthMax: number): Payloads {
  let read: Json | undefined;
  return (form) => (form === 'text' ? decoded(bytes) : (read ??= readJson(decoded(bytes), depthMax)));
}

function readJson(text: string, depthMax: number): Json {
  if (isDeeper(text, depthMax)) throw new RowFlaw(`it is nested more than ${depthMax} levels deep`);
  try {
    return parseGiven(text);
  } catch {
    throw new RowFlaw(`it is ${quoted(text)}, which is no JSON`);
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function decoded(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new RowFlaw('it is no text in UTF-8');
  }
}

const anyCells = { empties: new Set<string>() };

/** The elements of a payload that are rows. A list that is not there has none. */
function listOf(payload: Json, each: string | undefined): readonly Json[] {
  if (each === undefined) return isArray(payload) ? payload : [payload];
  if (!isObject(payload)) throw new RowFlaw(`it is ${quoted(payload)}, which has no ${each}`);
  const found = cellOf(payload, each, anyCells) ?? [];
  if (!isArray(found)) throw new RowFlaw(`${each} is ${quoted(found)}, which is no list`);
  return found;
}

/**
 * Makes rows of the elements of a list: members are columns, those of an element before those of what it stands in. Of members
 * only those are taken that some column may mean, so that a row is no more work than its map, however large the payload.
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

/** Names of members in which a column may begin: of `a.b.c` these are `a`, `a.b` and `a.b.c`. */
function beginningsOf(column: string): readonly string[] {
  const parts = column.split('.');
  return parts.map((_, index) => parts.slice(0, index + 1).join('.'));
}
