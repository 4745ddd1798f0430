/** Finds and counts present entities: reads candidates from indexes and checks them with the core's predicate. */
import type { Document } from 'mongodb';
import { compileFilter } from '../../../core/language/matches/matches.ts';
import type { Entity } from '../../../core/model/entity.ts';
import { presentAt } from '../../../core/model/expiry.ts';
import { type Instant, microsOfInstant } from '../../../core/model/instant.ts';
import type { Plan, Stored } from '../../../core/port/store.ts';
import { entityIn } from '../own-text.ts';
import type { Collections, SubjectDocument } from '../schema.ts';
import { type Condition, compileCondition } from './condition.ts';
import { createTimeBudget, type TimeBudget } from './time-budget.ts';

type Subjects = Collections['subjects'];

/** The page sizes when many candidates may not match: of the first page, and the maximum. */
const pageSize = 100;
const pageMax = 1000;

const projection = { num: 1, version: 1, expires: 1, doc: 1 } as const;

export async function getEntity(subjects: Subjects, id: string, now: Instant): Promise<Stored | undefined> {
  const document = await subjects.findOne({ _id: id }, { projection });
  return document ? storedIn(document, now) : undefined;
}

export async function findEntities(subjects: Subjects, plan: Plan): Promise<readonly Stored[]> {
  const { filter, limit, offset = 0, after = 0 } = plan;
  const check = compileCheck(plan);
  const condition = compileCondition(filter);
  const found: Stored[] = [];
  if (limit <= 0) return found;
  let toSkip = offset;
  const wanted = condition.isExact ? limit + offset : Math.max(pageSize, limit + offset);
  for await (const document of walk(subjects, condition.where ?? {}, {
    after,
    size: wanted,
    budget: createTimeBudget(),
  })) {
    const stored = check(document);
    if (!stored) continue;
    if (toSkip > 0) toSkip -= 1;
    else found.push(stored);
    if (found.length >= limit) break;
  }
  return found;
}

/** MongoDB counts the entities that the condition alone decides. */
export async function countEntities(subjects: Subjects, plan: Plan): Promise<number> {
  const budget = createTimeBudget();
  const check = compileCheck(plan);
  const { where = {}, isExact }: Condition = compileCondition(plan.filter);
  const isThere = { num: { $gt: 0 } };
  const sure = { $and: [where, isThere, { expires: null, unlisted: null }] };
  const unsure = { $and: [where, { $or: [{ expires: { $exists: true } }, { unlisted: { $exists: true } }] }] };
  let count = isExact ? await subjects.countDocuments(sure, budget()) : 0;
  for await (const document of walk(subjects, isExact ? unsure : where, { after: 0, size: pageMax, budget })) {
    if (check(document)) count += 1;
  }
  return count;
}

interface Walk {
  readonly after: number;
  /** Of the first page. */
  readonly size: number;
  readonly budget: TimeBudget;
}

/** The entities after a place in creation order that match a condition. */
async function* walk(
  subjects: Subjects,
  where: Document,
  { after, size, budget }: Walk,
): AsyncGenerator<SubjectDocument> {
  let [last, limit] = [after, Math.min(size, pageMax)];
  for (;;) {
    const behind = { $and: [where, { num: { $gt: last } }] };
    const page = await subjects.find(behind, { projection, sort: { num: 1 }, limit, ...budget() }).toArray();
    yield* page;
    if (page.length < limit) return;
    last = page.at(-1)?.num ?? Infinity;
    limit = Math.min(pageMax, 2 * limit);
  }
}

/** The check of one document: returns the search result, or undefined. */
function compileCheck({ filter, now }: Plan): (document: SubjectDocument) => Stored | undefined {
  const matches = compileFilter(filter);
  return (document) => {
    const stored = storedIn(document, now);
    return stored && matches(stored.entity()) ? stored : undefined;
  };
}

/** The search result for a document. Undefined when the entity has expired or does not exist. */
function storedIn({ _id, num, version, expires, doc }: SubjectDocument, now: Instant): Stored | undefined {
  if (num === undefined || version === undefined || doc === undefined) return undefined;
  const found = { id: _id, version, cursor: num };
  let known: Entity | undefined;
  if (expires === undefined) return { ...found, entity: () => (known ??= entityIn(doc)) };
  const entity = entityIn(doc);
  const present = expires > microsOfInstant(now) ? entity : presentAt(entity, now);
  return present && { ...found, isPart: true, entity: () => present };
}
