/** Reads histories from a running broker in answers of limited size. It reads entity by entity where a page is too large. */
import { instantOf, type Micros, microsOf } from '../../core/model/instant.ts';
import { isArray, isObject, type Json } from '../../core/model/json.ts';
import { type Client, detailOf } from '../command/client.ts';

type Answer = Awaited<ReturnType<Client['send']>>;

/** Which part of which histories to read. Names are terms of the core @context. */
export interface HistorySelection {
  readonly type: string;
  /** Comma-separated ids; empty: all. */
  readonly id: string;
  /** Comma-separated attribute names; empty: all. */
  readonly attrs: string;
  /** Empty: from the beginning. */
  readonly from: string;
  /** Empty: without an end, so future instances are included. */
  readonly to: string;
  /** Empty: `observedAt` when `from` or `to` is given, else `any`. */
  readonly timeproperty: string;
}

/** A time range; the end is exclusive. */
interface TimeSpan {
  readonly start: Micros;
  readonly end: Micros;
}

/** Entities per page. */
const pageSize = 50;

const allTime: TimeSpan = { start: -62_135_596_800_000_000, end: 253_402_300_799_000_000 };

/**
 * Yields parts of histories as the broker answers them: normalized, with system attributes, entity by entity and ascending in time. Throws
 * an Error with the reason when the broker refuses.
 */
export async function* readHistories(client: Client, wanted: HistorySelection): AsyncGenerator<Json> {
  const span = timeSpanOf(wanted);
  const timeproperty = wanted.timeproperty || (isAllTime(span) ? 'any' : 'observedAt');
  let limit = pageSize;
  for (let offset = 0, isLast = false; !isLast; ) {
    const ask = { ...wanted, timeproperty, span, limit, offset };
    const whole = await askFor(client, ask);
    // When the broker refuses the page as too large, a query for the newest instances lists the entities on it.
    const page = whole.status === tooMany ? await askFor(client, { ...ask, lastN: 1 }) : whole;
    if (page.status === tooMany) {
      limit = halfOf(limit);
      continue;
    }
    const entities = entitiesIn(page);
    if (whole.status === 200) yield* entities;
    else for (const id of entities.flatMap(idOf)) yield* readLong(client, { ...ask, id, limit: 1, offset: 0 });
    isLast = !/;\s*rel="?next"?/.test(page.headers.get('Link') ?? '');
    offset += limit;
  }
}

function halfOf(limit: number): number {
  if (limit > 1) return Math.ceil(limit / 2);
  throw new Error('The broker finds one instance of each attribute of an entity too many; name some with --attrs.');
}

/** Reads one entity in time ranges. A range is as long as the previous one, or shorter when the broker refuses it as too large. */
async function* readLong(client: Client, ask: HistoryRequest): AsyncGenerator<Json> {
  const { end } = ask.span;
  let { start } = ask.span;
  for (let length = end - start; start < end; ) {
    const span = { start, end: Math.min(end, start + length) };
    const answer = await askFor(client, { ...ask, span });
    if (answer.status === tooMany) {
      if (length <= 1) throw new Error(`The history of ${ask.id} has too many instances of one time for the broker.`);
      length = Math.ceil(length / 4);
      continue;
    }
    yield* entitiesIn(answer);
    const shown = rangeOf(answer);
    start = shown ? shown.end + 1 : span.end;
    length = shown ? Math.max(1, shown.end - shown.start) : length * 2;
  }
}

interface HistoryRequest extends HistorySelection {
  readonly span: TimeSpan;
  readonly limit: number;
  readonly offset: number;
  readonly lastN?: number;
}

/** The status of TooManyResults. */
const tooMany = 403;

async function askFor(
  client: Client,
  { type, id, attrs, timeproperty, span, limit, offset, lastN }: HistoryRequest,
): Promise<Answer> {
  const params = new URLSearchParams({
    type,
    timeproperty,
    options: 'sysAttrs',
    limit: `${limit}`,
    offset: `${offset}`,
  });
  for (const [name, value] of Object.entries({ id, attrs, lastN: String(lastN ?? '') }))
    if (value !== '') params.set(name, value);
  if (!isAllTime(span)) {
    params.set('timerel', 'between');
    params.set('timeAt', instantOf(span.start));
    params.set('endTimeAt', instantOf(span.end));
  }
  const answer = await client.send('GET', `/temporal/entities?${params.toString()}`);
  if (answer.status === 200 || answer.status === 206 || isTooMany(answer)) return answer;
  throw new Error(`The broker answered ${answer.status}: ${detailOf(answer.body)}`);
}

const isAllTime = ({ start, end }: TimeSpan): boolean => start <= allTime.start && end >= allTime.end;

const isTooMany = ({ status, body }: Answer): boolean =>
  status === tooMany && isObject(body) && body['type'] === 'https://uri.etsi.org/ngsi-ld/errors/TooManyResults';

const entitiesIn = ({ body }: Answer): readonly Json[] => (isArray(body) ? body : []);

const idOf = (entity: Json): readonly string[] =>
  isObject(entity) && typeof entity['id'] === 'string' ? [entity['id']] : [];

/** The time range that an answer covers, when the answer is partial (206). */
function rangeOf({ status, headers }: Answer): TimeSpan | undefined {
  if (status !== 206) return undefined;
  const text = headers.get('Content-Range') ?? '';
  const [, first = '', last = ''] = /^date-time (\S+Z)-(\S+Z)\//.exec(text) ?? [];
  const [start, end] = [microsOf(first), microsOf(last)];
  if (start === undefined || end === undefined) throw new Error(`The broker's Content-Range cannot be read: ${text}`);
  return { start, end };
}

/** Parses the bounds into times. */
function timeSpanOf({ from, to }: HistorySelection): TimeSpan {
  const span = { start: momentOf('from', from) ?? allTime.start, end: momentOf('to', to) ?? allTime.end };
  if (span.end > span.start) return span;
  throw new Error(`--to must be later than --from, not ${to}.`);
}

function momentOf(name: string, text: string): Micros | undefined {
  if (text === '') return undefined;
  const moment = microsOf(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  if (moment === undefined)
    throw new Error(`--${name} must be a day or a UTC time such as 2026-03-01T08:00:00Z, not ${JSON.stringify(text)}.`);
  return moment;
}
