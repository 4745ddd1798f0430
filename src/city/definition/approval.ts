/** The approvals of definitions: what an administrator has approved, and how far the broker has carried it out. */
import type { Identity } from '../../core/access/identity.ts';
import { type Instant, instantOf, isExact, isInstant } from '../../core/model/instant.ts';
import { isObject, isStrings, isWhole, type Json, type JsonObject } from '../../core/model/json.ts';
import type { Store } from '../../core/port/store.ts';

export interface Approval {
  /** Absent: access was open to everybody. */
  readonly owner?: Identity;
  readonly approvedAt: Instant;
  /** The values of the attributes that define the work, by term. */
  readonly definition: JsonObject;
  /** The end of the last period that was carried out, in microseconds. */
  readonly releasedTo?: number;
  /** The last run that did something or failed. `releases`: the number of periods. */
  readonly lastRun?: LastRun;
}

export interface LastRun {
  readonly at: Instant;
  readonly releases: number;
  /** Periods of which nothing could be carried out any more. Absent: none. */
  readonly skipped?: number;
  readonly problem?: string;
}

/** The approvals of one kind of definitions, in the tenant of the definition, by the id of its entity. */
export interface Approvals {
  read(store: Store, id: string): Promise<Approval | undefined>;
  /**
   * Puts what `change` makes of the approval as it is now, also when another broker changes it at the same time: then it is called again.
   * Returns that; undefined, and nothing is put, when `change` returns undefined.
   */
  update(
    store: Store,
    id: string,
    change: (before: Approval | undefined) => Approval | undefined,
  ): Promise<Approval | undefined>;
  list(store: Store): Promise<readonly (readonly [string, Approval])[]>;
}

export const createApprovals = (collection: string): Approvals => ({
  async read(store, id) {
    const document = await store.collection(collection).get(id);
    return document === undefined ? undefined : approvalIn(document);
  },
  async update(store, id, change) {
    const approvals = store.collection(collection);
    for (;;) {
      const before = await approvals.get(id);
      const after = change(before === undefined ? undefined : approvalIn(before));
      if (!after || (await approvals.replace(id, before, documentOf(after)))) return after;
    }
  },
  async list(store) {
    const all = await store.collection(collection).list();
    return all.flatMap(({ key, document }) => {
      const approval = approvalIn(document);
      return approval ? [[key, approval] as const] : [];
    });
  },
});

function documentOf({ owner, lastRun, approvedAt, definition, releasedTo }: Approval): JsonObject {
  return {
    approvedAt,
    definition,
    ...(owner ? { owner: { kind: owner.kind, subject: owner.subject, roles: owner.roles } } : undefined),
    ...(releasedTo === undefined ? undefined : { releasedTo }),
    ...(lastRun ? { lastRun: { ...lastRun } } : undefined),
  };
}

function approvalIn(document: Json): Approval | undefined {
  if (!isObject(document)) return undefined;
  const { approvedAt, definition, releasedTo, owner, lastRun } = document;
  if (!isInstant(approvedAt) || !isObject(definition)) return undefined;
  return {
    approvedAt,
    definition,
    ...(isObject(owner) ? { owner: identityIn(owner) } : undefined),
    ...(typeof releasedTo === 'number' && isExact(releasedTo) ? { releasedTo } : undefined),
    ...(isObject(lastRun) ? lastRunIn(lastRun) : undefined),
  };
}

/** An owner that cannot be read has no rights. */
const identityIn = ({ kind, subject, roles }: JsonObject): Identity => ({
  kind: kind === 'key' || kind === 'token' || kind === 'local' ? kind : 'anonymous',
  subject: typeof subject === 'string' ? subject : 'anonymous',
  roles: isStrings(roles) ? roles : [],
});

function lastRunIn({ at, releases, skipped, problem }: JsonObject): Pick<Approval, 'lastRun'> {
  if (!isInstant(at) || !isWhole(releases)) return {};
  return {
    lastRun: {
      at,
      releases,
      ...(isWhole(skipped) ? { skipped } : undefined),
      ...(typeof problem === 'string' ? { problem } : undefined),
    },
  };
}

/** An approval as clients see it. */
export const approvalJson = (
  id: string,
  { owner, approvedAt, definition, lastRun, releasedTo }: Approval,
): JsonObject => ({
  id,
  approvedAt,
  ...(owner ? { approvedBy: owner.subject } : undefined),
  definition,
  ...(releasedTo === undefined ? undefined : { releasedTo: instantOf(releasedTo) }),
  ...(lastRun ? { lastRun: { ...lastRun, result: lastRun.problem === undefined ? 'done' : 'failed' } } : undefined),
});
