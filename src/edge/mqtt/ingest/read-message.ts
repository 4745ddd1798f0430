/** From a message to elements of a batch: topic, text, JSON, rows, and the map that its topic has. */
import { quoted, RowFlaw } from '../../../core/mapping/flaw.ts';
import { cellOf, type Row } from '../../../core/mapping/row.ts';
import { isDeeper } from '../../../core/model/json-depth.ts';
import { isArray, isObject, type Json, parseJson } from '../../../core/model/json.ts';
import type { Instant } from '../../../core/model/instant.ts';
import type { TopicPlan } from './plan.ts';
import { arrivalColumn, type Element, payloadColumn, topicColumn } from './read-element.ts';

export interface Arrived {
  readonly topic: string;
  readonly payload: Buffer;
  readonly at: Instant;
}

/** What a message says of one entity, and what is to be done with it. */
export interface Said {
  readonly write: TopicPlan['write'];
  readonly element: Element;
}

export interface ReadingOptions {
  readonly topics: readonly TopicPlan[];
  readonly depthMax: number;
}

/**
 * A message goes to the first topic that it matches, and to all others with the same filter. One without a payload says
 * nothing: that is how retained messages are taken back.
 */
export function readMessage(arrived: Arrived, { topics, depthMax }: ReadingOptions): readonly Said[] {
  if (arrived.payload.length === 0)
    return [{ write: 'upsert', element: { outcome: 'skipped', reason: 'it is empty' } }];
  const first = topics.find(({ pattern }) => pattern.match(arrived.topic));
  if (!first) return [{ write: 'upsert', element: { outcome: 'rejected', reason: 'no topic matches' } }];
  return topics
    .filter(({ pattern }) => pattern.filter === first.pattern.filter)
    .flatMap((plan) => elementsOf(arrived, plan, depthMax).map((element) => ({ write: plan.write, element })));
}

function elementsOf({ topic, payload, at }: Arrived, plan: TopicPlan, depthMax: number): readonly Element[] {
  try {
    const own = { ...plan.pattern.match(topic), [topicColumn]: topic, [arrivalColumn]: at };
    const rows = rowsOf(readPayload(payload, plan.form, depthMax), plan.each);
    return rows.map((row) => plan.read({ ...row, ...own }));
  } catch (error) {
    // The same message would fail in the same way for ever, whatever it is.
    return [{ outcome: 'rejected', reason: error instanceof Error ? error.message : String(error) }];
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function readPayload(bytes: Buffer, form: TopicPlan['form'], depthMax: number): Json {
  const text = decoded(bytes);
  if (form === 'text') return text;
  if (isDeeper(text, depthMax)) throw new RowFlaw(`it is nested more than ${depthMax} levels deep`);
  try {
    return parseJson(text);
  } catch {
    throw new RowFlaw(`it is ${quoted(text)}, which is no JSON`);
  }
}

function decoded(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new RowFlaw('it is no text in UTF-8');
  }
}

const anyCells = { empties: new Set<string>() };

/** The rows of a payload: members are columns, those of an element before those of what it stands in. */
function rowsOf(payload: Json, each: string | undefined): readonly Row[] {
  const around = isObject(payload) ? payload : {};
  const found = each === undefined ? payload : cellOf(around, each, anyCells);
  if (each !== undefined && !isArray(found)) throw new RowFlaw(`${each} is ${quoted(found)}, which is no list`);
  const elements: readonly Json[] = isArray(found) ? found : [payload];
  return elements.map((element) => ({
    ...(each === undefined ? undefined : around),
    ...(isObject(element) ? element : undefined),
    [payloadColumn]: element,
  }));
}
