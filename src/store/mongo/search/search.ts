/** Finds and counts present entities: reads candidates from indexes and checks them with the core's predicate. */
import type { Document } from 'mongodb';
import { compileFilter } from '../../../core/language/matches/matches.ts';
import type { Entity } from '../../../core/model/entity.ts';
import { presentAt } from '../../../core/model/expiry.ts';
import { type Pause, restIfDue } from '../../../core/model/interruptible.ts';
import { type Instant, microsOfInstant } from '../../../core/model/instant.ts';
import { bytesHeld, createHeldContent } from '../../../core/port/held-content.ts';
import type { Plan, Stored } from '../../../core/port/store.ts';
import { typesInText } from '../../../core/port/types-in-text.ts';
import { entityIn } from '../own-text.ts';
import type { Collections, SubjectDocument } from '../schema.ts';
import { type Condition, compileCondition } from './condition.ts';
import { createTimeBudget, type TimeBudget } from './time-budget.ts';

type Subjects = Collections['subjects'];

/** The page sizes when many candidates may not match: of the first page, and the maximum. */
const pageSize = 100;
const pageMax = 1000;

/** An entity of this many bytes or more is large. A page of smaller ones needs little memory. */
const largeBytes = 16 * 2 ** 10;

const wholeProjection = { num: 1, version: 1, expires: 1, doc: 1 } as const;

const size = { $strLenBytes: { $ifNull: ['$doc', ''] } };
const isSmall = { $lt: [size, largeBytes] };
const isUnsure = { $gt: [{ $ifNull: ['$expires', '$unlisted'] }, null] };

/** Reads large entities without their content, unless the condition alone does not decide about them. */
const lazyProjection = {
  ...wholeProjection,
  size,
  doc: { $cond: [{ $or: [isSmall, isUnsure] }, '$doc', '$$REMOVE'] },
} as const;

/** A subject as the projections read it. */
interface FoundDocument extends Pick<SubjectDocument, '_id' | 'num' | 'version' | 'expires' | 'doc'> {
  /** The size of the content in bytes. Read by lazy plans only. */
  readonly size?: number;
}

export async function getEntity(subjects: Subjects, id: string, now: Instant): Promise<Stored | undefined> {
  const document = await subjects.findOne({ _id: id }, { projection: wholeProjection });
  return document ? storedIn(document, now) : undefined;
}

/** `pause` is called between candidates. */
export async function findEntities(subjects: Subjects, plan: Plan, pause: Pause): Promise<readonly Stored[]> {
  const { limit, offset = 0, after = 0 } = plan;
  const found: Stored[] = [];
  if (limit <= 0) return found;
  const { where = {}, isExact } = compileCondition(plan.filter);
  const { check, projection } = readingOf(plan, isExact);
  const hold = createHold(plan);
  let toSkip = offset;
  const size = isExact ? limit + offset : Math.max(pageSize, limit + offset);
  for await (const document of walk(subjects, where, { after, size, budget: createTimeBudget(), projection })) {
    await restIfDue(pause);
    const stored = check(document);
    if (!stored) continue;
    if (toSkip > 0) toSkip -= 1;
    else found.push(hold(stored, document));
    if (found.length >= limit) break;
  }
  return found;
}

/** MongoDB counts the entities that the condition alone decides. */
export async function countEntities(subjects: Subjects, plan: Plan, pause: Pause): Promise<number> {
  const budget = createTimeBudget();
  const check = compileCheck(plan);
  const { where = {}, isExact }: Condition = compileCondition(plan.filter);
  const isThere = { num: { $gt: 0 } };
  const sure = { $and: [where, isThere, { expires: null, unlisted: null }] };
  const unsure = { $and: [where, { $or: [{ expires: { $exists: true } }, { unlisted: { $exists: true } }] }] };
  let count = isExact ? await subjects.countDocuments(sure, budget()) : 0;
  for await (const document of walk(subjects, isExact ? unsure : where, {
    ...{ after: 0, size: pageMax, budget, projection: wholeProjection },
  })) {
    await restIfDue(pause);
    if (check(document)) count += 1;
  }
  return count;
}

interface Walk {
  readonly after: number;
  /** Of the first page. */
  readonly size: number;
  readonly budget: TimeBudget;
  readonly projection: Document;
}

/** The entities after a place in creation order that match a condition. Holds one batch of the driver (16 MB) in memory, not a page. */
async function* walk(
  subjects: Subjects,
  where: Document,
  { after, size, budget, projection }: Walk,
): AsyncGenerator<FoundDocument> {
  let [last, limit] = [after, Math.min(size, pageMax)];
  for (;;) {
    const behind = { $and: [where, { num: { $gt: last } }] };
    const page = subjects.find<FoundDocument>(behind, { projection, sort: { num: 1 }, limit, ...budget() });
    let found = 0;
    for await (const document of page) {
      found += 1;
      last = document.num ?? Infinity;
      yield document;
    }
    if (found < limit) return;
    limit = Math.min(pageMax, 2 * limit);
  }
}

/** The check of one document: returns the search result, or undefined. */
type Check = (document: FoundDocument) => Stored | undefined;

/** What a plan reads of each candidate, and how it checks it. */
function readingOf(plan: Plan, isExact: boolean): { readonly check: Check; readonly projection: Document } {
  const check = compileCheck(plan);
  if (plan.isLazy !== true) return { check, projection: wholeProjection };
  return { check: lazily(check), projection: isExact ? lazyProjection : wholeProjection };
}

/** The same check, which returns large entities without their content. */
const lazily =
  (check: Check): Check =>
  (document) => {
    const { _id: id, num, version, doc, size = doc?.length ?? 0 } = document;
    if (size < largeBytes || num === undefined || version === undefined) return check(document);
    if (doc !== undefined && !check(document)) return undefined;
    return lazyIn({ id, version, size, cursor: num });
  };

/** Takes content out of the results of a lazy plan when they hold as much as they may. */
function createHold({ isLazy = false }: Plan): (stored: Stored, document: FoundDocument) => Stored {
  if (!isLazy) return (stored) => stored;
  const hasRoom = createHeldContent();
  return (stored, { doc = '' }) => {
    const { id, version, cursor, held = 0 } = stored;
    return hasRoom(held) ? stored : lazyIn({ id, version, cursor, size: doc.length });
  };
}

/** The search result of a lazy plan: without content. */
function lazyIn(found: Omit<Stored, 'entity' | 'types'>): Stored {
  const refuse = (): never => notRead(found.id);
  return { ...found, types: refuse, entity: refuse };
}

function notRead(id: string): never {
  throw new Error(`The content of ${id} was not read.`);
}

function compileCheck({ filter, now }: Plan): Check {
  const matches = compileFilter(filter);
  return (document) => {
    const stored = storedIn(document, now);
    return stored && matches(stored.entity()) ? stored : undefined;
  };
}

/** The search result for a document. Undefined when the entity has expired or does not exist. */
function storedIn({ _id, num, version, expires, doc }: FoundDocument, now: Instant): Stored | undefined {
  if (num === undefined || version === undefined || doc === undefined) return undefined;
  let known: Entity | undefined;
  const parsed = (): Entity => (known ??= entityIn(doc));
  const types = (): readonly string[] => known?.types ?? typesInText(doc) ?? parsed().types;
  const found = { id: _id, version, cursor: num, held: bytesHeld(doc, true), types };
  if (expires === undefined) return { ...found, entity: parsed };
  const entity = parsed();
  const present = expires > microsOfInstant(now) ? entity : presentAt(entity, now);
  return present && { ...found, isPart: true, entity: () => present };
}
