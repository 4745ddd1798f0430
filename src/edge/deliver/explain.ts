/** Gathers why notifications of an entity come, or do not: what the subscription asks, and how far it has come. */
import { type Instant, microsOfInstant, stampOfMicros } from '../../core/model/instant.ts';
import type { Json } from '../../core/model/json.ts';
import type { Entity, Terms } from '../../core/model/entity.ts';
import { Problem } from '../../core/model/problem.ts';
import { maskUri } from '../../core/model/secret.ts';
import { emptyAccount, type SubscriptionDocument, statusOf } from '../../core/model/subscription.ts';
import { deadLetterShelf, letterIn, letterKey } from '../../core/port/dead-letters.ts';
import { positionText } from '../../core/port/position.ts';
import type { LogRecord, Position, Stored } from '../../core/port/store.ts';
import type { Clause, Explanation, Standing } from '../../core/port/subscriptions.ts';
import { type Asking, explainChange, explainEntity } from '../../core/subscription/explain.ts';
import { type Course, verdictOn, verdictOnAll } from '../../core/subscription/explain-verdict.ts';
import { isFetched } from '../../core/subscription/read-endpoint.ts';
import type { StoredPlan } from '../../core/subscription/read-stored.ts';
import type { Progress } from './ledger.ts';
import type { Outlook, Runner } from './runner.ts';
import type { Surroundings } from './surroundings.ts';

/** The subscription, and what is known of it. */
export interface Case {
  readonly document: SubscriptionDocument;
  readonly stored: StoredPlan;
  readonly around: Surroundings;
  readonly progress: Progress | undefined;
  readonly runner: Runner | undefined;
}

export interface About {
  /** Undefined: the subscription is explained apart from any entity. */
  readonly entity: string | undefined;
  readonly terms: Terms;
}

/** `stored` is a problem where the subscription cannot be read, or not now. */
export async function explain(
  { entity, terms }: About,
  { stored, ...known }: Omit<Case, 'stored'> & { readonly stored: StoredPlan | Problem },
): Promise<Explanation> {
  if (stored instanceof Problem) return explainUnread(stored, known);
  const one = { ...known, stored };
  return entity === undefined ? explainAlone(one) : explainOf(entity, terms, one);
}

async function explainUnread({ message }: Problem, one: Omit<Case, 'stored'>): Promise<Explanation> {
  const clause = {
    clause: 'subscription',
    isMet: false,
    asks: 'a subscription that can be carried out',
    finds: message,
  };
  return {
    verdict: `Nothing is notified, because the subscription cannot be carried out as it is stored: ${message}`,
    change: undefined,
    clauses: [statusClause(one), clause],
    delivery: await standingOf(one, undefined),
  };
}

async function explainAlone(one: Case): Promise<Explanation> {
  const { document, around } = one;
  const status = statusOf(document, around.world.clock.now());
  const delivery = await standingOf(one, one.runner?.outlook(0));
  return {
    verdict: verdictOnAll({ ...delivery, status }),
    change: undefined,
    clauses: [statusClause(one), ...throttlingOf(one, delivery), endpointOf(one, delivery)],
    delivery,
  };
}

function statusClause({ document, around }: Omit<Case, 'stored'>): Clause {
  const status = statusOf(document, around.world.clock.now());
  return { clause: 'status', isMet: status === 'active', asks: 'active', finds: status };
}

async function explainOf(id: string, terms: Terms, one: Case): Promise<Explanation> {
  const { document, stored, around } = one;
  const now = around.world.clock.now();
  const get = async (target: string): Promise<Entity | undefined> => (await around.store.get(target, now))?.entity();
  const present = await around.store.get(id, now);
  const record = present && (await lastChange(present, one));
  const status = statusOf(document, now);
  const asked = present ? await ask(record?.entity ?? present.entity(), record, { document, stored, terms, get }) : [];
  const outlook = one.runner?.outlook(record?.position ?? 0);
  const course = record && (await courseOf(record, one, outlook));
  const delivery = await standingOf(one, outlook);
  const isThere = present !== undefined;
  const dueAt = dueIn(one, now);
  return {
    verdict: verdictOn({ ...delivery, entity: id, status, isThere, clauses: asked, dueAt, course }),
    change: record && { position: positionText(around.epoch, record.position), at: record.at, event: record.event },
    clauses: [statusClause(one), ...asked, ...throttlingOf(one, delivery), endpointOf(one, delivery)],
    delivery,
  };
}

/** When a subscription that is told by the clock is due. */
const dueIn = ({ stored, progress }: Case, now: Instant): Instant | undefined =>
  stored.intervalMs === undefined ? undefined : (progress?.dueAt ?? now);

/** The record of the change that made an entity what it is; undefined when it was pruned, or changes are not told. */
async function lastChange({ version }: Stored, { around, stored }: Case): Promise<LogRecord | undefined> {
  if (stored.intervalMs !== undefined) return undefined;
  const [record] = await around.store.log.read(version - 1, 1);
  return record?.position === version ? record : undefined;
}

const ask = async (entity: Entity, record: LogRecord | undefined, asking: Asking): Promise<readonly Clause[]> => [
  ...(await explainEntity(entity, asking)),
  ...(record ? [explainChange(record, asking)] : []),
];

function throttlingOf({ stored: { throttlingMs }, around }: Case, { lastSuccess }: Standing): readonly Clause[] {
  if (throttlingMs === undefined) return [];
  const asks = `${throttlingMs / 1000} seconds after a notification`;
  if (lastSuccess === undefined) return [{ clause: 'throttling', isMet: true, asks, finds: 'there was none' }];
  const until = microsOfInstant(lastSuccess) + throttlingMs * 1000;
  const isMet = until <= microsOfInstant(around.world.clock.now());
  return [{ clause: 'throttling', isMet, asks, finds: `the last one was taken at ${lastSuccess}` }];
}

function endpointOf({ stored }: Case, { notBefore, lastReason }: Standing): Clause {
  const asks = maskUri(stored.endpoint.uri);
  const failure = lastReason === undefined ? '' : `the last failure was: ${lastReason}`;
  const closed = notBefore === undefined ? '' : `nothing is sent before ${notBefore}; `;
  const finds = closed + failure;
  return { clause: 'endpoint', isMet: notBefore === undefined, asks, ...(finds === '' ? undefined : { finds }) };
}

async function standingOf(one: Omit<Case, 'stored'> & Partial<Case>, outlook: Outlook | undefined): Promise<Standing> {
  const { document, around, progress } = one;
  const { store, epoch } = around;
  const newest = await store.log.position();
  const position = Math.max(document.since, progress?.position ?? 0);
  return {
    ...(progress?.account ?? emptyAccount),
    lastReason: progress?.lastReason,
    notBefore: notBeforeOf(one, outlook),
    position: positionText(epoch, position),
    newest: positionText(epoch, newest),
    unread: outlook ? Math.max(0, newest - outlook.seen) : 0,
    waiting: outlook?.waiting ?? 0,
    deadLetters: (await store.shelf(deadLetterShelf(document.id)).keys()).length,
  };
}

function notBeforeOf(
  { stored, around }: Pick<Case, 'around'> & Partial<Case>,
  outlook: Outlook | undefined,
): Instant | undefined {
  const { receivers, world, nowMs } = around;
  const closedUntilMs = stored && receivers.closedUntilMs(stored.endpoint.uri);
  const untilMs = Math.max(outlook?.notBeforeMs ?? 0, closedUntilMs ?? 0);
  const waitMs = Math.ceil(untilMs - nowMs());
  return waitMs > 0 ? stampOfMicros(microsOfInstant(world.clock.now()) + waitMs * 1000) : undefined;
}

/** What became of the notification of a change, provided that it concerns the subscription. */
async function courseOf({ position }: LogRecord, one: Case, outlook: Outlook | undefined): Promise<Course> {
  const { document, around } = one;
  const kept = await around.store.shelf(deadLetterShelf(document.id)).get(letterKey(position));
  if (kept !== undefined)
    return { kind: 'buried', letter: positionText(around.epoch, position), reason: reasonIn(kept) };
  if (position <= document.since) return { kind: 'before' };
  if (isFetched(one.stored.endpoint)) return { kind: 'fetched' };
  if (!outlook || outlook.isOpen) return { kind: 'open', tries: outlook?.tries ?? 0 };
  return { kind: pastOf(position, one) };
}

function reasonIn(kept: Json): string {
  try {
    return letterIn(kept).reason;
  } catch {
    return 'why cannot be read any more';
  }
}

/** What became of it, now that it waits no more. */
function pastOf(position: Position, { stored, progress }: Case): 'delivered' | 'throttled' | 'done' {
  const isThrottled = stored.throttlingMs !== undefined;
  const { told = 0, account = emptyAccount } = progress ?? {};
  if (told === position || (!isThrottled && account.timesFailed === 0)) return 'delivered';
  return isThrottled && told < position ? 'throttled' : 'done';
}
