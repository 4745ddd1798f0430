/** Reads present entities as rows, in creation order and in pages. */
import type { Database } from 'better-sqlite3';
import { type Entity } from '../../../core/model/entity.ts';
import { presentAt } from '../../../core/model/expiry.ts';
import { type Instant, type Micros, microsOfInstant } from '../../../core/model/instant.ts';
import { bytesHeld } from '../../../core/port/held-content.ts';
import type { Position, Stored } from '../../../core/port/store.ts';
import { typesInText } from '../../../core/port/types-in-text.ts';
import { createUnmapping } from '../connection.ts';
import { noName } from '../names.ts';
import { entityIn } from '../own-text.ts';

export interface EntityRow {
  readonly num: number;
  readonly subject: number;
  readonly id: string;
  readonly version: Position;
  readonly expires: Micros | null;
  /** Null for a large entity in a page: `Rows.whole` reads it when needed. */
  readonly doc: string | null;
  /** Bytes of the document. */
  readonly size: number;
}

/** A row with its document. */
export interface WholeRow extends EntityRow {
  readonly doc: string;
}

/** A row that was read by its id, where nobody asks for the size: counting it would cost as much as the rest of a small row. */
type FoundRow = Omit<WholeRow, 'size'>;

/** An entity of this many bytes or more is large. A page of smaller ones needs little memory. */
const largeBytes = 16 * 2 ** 10;

/** Rows, ascending by number. */
interface Page {
  readonly rows: readonly EntityRow[];
  /** The next page is after this number. Undefined: there is no next page. */
  readonly next: number | undefined;
}

/** At most `size` rows after a number. A page may have fewer, or none, and still have a next page. */
export type Pager = (after: number, size: number) => Page;

/** The page of a statement that returns fewer than `size` rows only at the end. */
const pageOf = (rows: readonly EntityRow[], size: number): Page => ({
  rows,
  next: rows.length < size ? undefined : rows.at(-1)?.num,
});

export interface Rows {
  byId(id: string): FoundRow | undefined;
  byNum(num: number): EntityRow | undefined;
  /** The row with its document; undefined when it was removed meanwhile. */
  whole(row: EntityRow): WholeRow | undefined;
  readonly all: Pager;
  ofType(type: number): Pager;
  /** The last of `count` entities after a number, of one type or of any: reads an index only. Undefined when there are fewer. */
  skip(type: number | undefined, after: number, count: number): number | undefined;
  /** The number of entities. */
  total(): number;
  /** True when something has expired and is not swept yet. */
  hasExpired(now: Micros): boolean;
}

const foundColumns = 'entity.num, subject, id, version, expires';
const columns = `${foundColumns}, octet_length(doc) AS size`;
/** The columns of a page. SQLite gets the length without reading the document. */
export const pageColumns = `${columns}, CASE WHEN octet_length(doc) < ${largeBytes} THEN doc END AS doc`;

export function createRows(database: Database): Rows {
  const byId = database.prepare<[string], FoundRow>(`SELECT ${foundColumns}, doc FROM entity WHERE id = ?`);
  const byNum = database.prepare<[number], EntityRow>(`SELECT ${pageColumns} FROM entity WHERE num = ?`);
  const whole = database.prepare<[number], WholeRow>(`SELECT ${columns}, doc FROM entity WHERE num = ?`);
  const all = database.prepare<[number, number], EntityRow>(
    `SELECT ${pageColumns} FROM entity WHERE num > ? ORDER BY num LIMIT ?`,
  );
  const ofType = database.prepare<[number, number, number], EntityRow>(
    `SELECT ${pageColumns} FROM entity_type CROSS JOIN entity ON entity.num = entity_type.num
     WHERE type = ? AND entity_type.num > ? ORDER BY entity_type.num LIMIT ?`,
  );
  const skipAll = database
    .prepare<[number, number], number>('SELECT num FROM entity WHERE num > ? ORDER BY num LIMIT 1 OFFSET ?')
    .pluck();
  const skipType = database
    .prepare<[number, number, number], number>(
      'SELECT num FROM entity_type WHERE type = ? AND num > ? ORDER BY num LIMIT 1 OFFSET ?',
    )
    .pluck();
  const unmap = createUnmapping(database);
  const noted = <Row extends FoundRow>(row: Row | undefined): Row | undefined => {
    if (row && row.doc.length >= largeBytes) unmap(row.doc.length);
    return row;
  };
  const total = database.prepare<[], number>(`SELECT entities FROM type_count WHERE type = ${noName}`).pluck();
  const hasExpired = database.prepare<[Micros], number>('SELECT 1 FROM entity WHERE expires <= ? LIMIT 1').pluck();
  return {
    byId: (id) => noted(byId.get(id)),
    byNum: (num) => byNum.get(num),
    whole: (row) => (isWhole(row) ? row : noted(whole.get(row.num))),
    all: (after, size) => pageOf(all.all(after, size), size),
    ofType: (type) => (after, size) => pageOf(ofType.all(type, after, size), size),
    skip: (type, after, count) =>
      type === undefined ? skipAll.get(after, count - 1) : skipType.get(type, after, count - 1),
    total: () => total.get() ?? 0,
    hasExpired: (now) => hasExpired.get(now) !== undefined,
  };
}

const isWhole = (row: EntityRow): row is WholeRow => row.doc !== null;

/** The pages of a list of numbers, ascending and without duplicates. Leaves out entities that were removed meanwhile. */
export const pagerOfNums =
  (nums: readonly number[], rows: Rows): Pager =>
  (after, size) => {
    const page: EntityRow[] = [];
    let at = placeBehind(nums, after);
    for (; at < nums.length && page.length < size; at += 1) {
      const row = rows.byNum(nums[at] ?? 0);
      if (row) page.push(row);
    }
    return { rows: page, next: at < nums.length ? nums[at - 1] : undefined };
  };

/** The index of the first greater number in an ascending list. */
function placeBehind(nums: readonly number[], bound: number): number {
  let [low, high] = [0, nums.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((nums[middle] ?? Infinity) > bound) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The union of several pagers. */
export function pagerOfSeveral(pagers: readonly Pager[]): Pager {
  const [only] = pagers;
  if (pagers.length === 1 && only) return only;
  return (after, size) => {
    const pages = pagers.map((pager) => pager(after, size));
    // A pager may have more rows after its page.
    const horizon = Math.min(...pages.map(({ next = Infinity }) => next));
    const sorted = pages.flatMap(({ rows }) => rows).sort((a, b) => a.num - b.num);
    const rows = sorted.filter(({ num }, index) => num <= horizon && num !== sorted[index - 1]?.num);
    if (rows.length > size) return { rows: rows.slice(0, size), next: rows[size - 1]?.num };
    return { rows, next: horizon === Infinity ? undefined : horizon };
  };
}

/** The entity of a row; undefined when it has expired. */
export const entityAt = ({ doc, expires }: WholeRow, now: Instant): Entity | undefined =>
  expires === null ? entityIn(doc) : presentAt(entityIn(doc), now);

/** The search result for a row. Undefined when the entity has expired. `entity`: the parsed entity, if known. */
export function storedIn(row: FoundRow, now: Instant, entity?: Entity): Stored | undefined {
  const { id, version, num, expires, doc } = row;
  let known = entity;
  const held = bytesHeld(doc, entity !== undefined);
  const parsed = (): Entity => (known ??= entityIn(doc));
  const types = (): readonly string[] => known?.types ?? typesInText(doc) ?? parsed().types;
  if (expires === null) return { id, version, cursor: num, held, types, entity: parsed };
  const present = entity ?? (expires > microsOfInstant(now) ? parsed() : presentAt(parsed(), now));
  return present && { id, version, cursor: num, held, isPart: true, types, entity: () => present };
}

/** The search result of a lazy plan: without content. */
export function lazyIn({ id, version, num, size }: EntityRow): Stored {
  const refuse = (): never => {
    throw new Error(`The content of ${id} is not held; it has to be read.`);
  };
  return { id, version, cursor: num, size, types: refuse, entity: refuse };
}
