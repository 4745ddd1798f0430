/** Collects the facts that explain why an entity is notified or not: the conditions of the subscription and its progress. */
import { type Instant, microsOfInstant, stampOfMicros } from '../../core/model/instant.ts';
import type { Json } from '../../core/model/json.ts';
import type { Entity, Terms } from '../../core/model/entity.ts';
import { Problem } from '../../core/model/problem.ts';
import { maskUri } from '../../core/model/secret.ts';
import { noStatistics, type SubscriptionDocument, statusOf } from '../../core/model/subscription.ts';
import { deadLetterCollection, parseDeadLetter, deadLetterKey } from '../../core/port/dead-letters.ts';
import { positionText } from '../../core/port/position.ts';
import type { LogRecord, Position, Stored } from '../../core/port/store.ts';
import type { Clause, Explanation, DeliveryStatus } from '../../core/port/subscriptions.ts';
import { type ExplainContext, explainChange, explainEntity } from '../../core/subscription/explain.ts';
import { type ChangeOutcome, explainOutcome, explainState } from '../../core/subscription/explain-outcome.ts';
import { isFetched } from '../../core/subscription/read-endpoint.ts';
import type { StoredPlan } from '../../core/subscription/read-stored.ts';
import type { Progress } from './progress.ts';
import type { PendingStatus, SubscriptionRunner } from './runner.ts';
import type { DeliveryEnvironment } from './environment.ts';
import { createOwnerView } from './owner-view.ts';

/** The subscription and its state. */
export interface ExplainInput {
  readonly document: SubscriptionDocument;
  readonly stored: StoredPlan;
  readonly env: DeliveryEnvironment;
  readonly progress: Progress | undefined;
  readonly runner: SubscriptionRunner | undefined;
}

export interface ExplainTarget {
  /** Undefined: the subscription is explained without an entity. */
  readonly entity: string | undefined;
  readonly terms: Terms;
}

/** Explains a subscription. `stored` is a Problem when the document cannot be parsed now. */
export async function explain(
  { entity, terms }: ExplainTarget,
  { stored, ...known }: Omit<ExplainInput, 'stored'> & { readonly stored: StoredPlan | Problem },
): Promise<Explanation> {
  if (stored instanceof Problem) return explainUnread(stored, known);
  const one = { ...known, stored };
  return entity === undefined ? explainAlone(one) : explainOf(entity, terms, one);
}

async function explainUnread({ message }: Problem, one: Omit<ExplainInput, 'stored'>): Promise<Explanation> {
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
    delivery: await statusOfDelivery(one, undefined),
  };
}

async function explainAlone(one: ExplainInput): Promise<Explanation> {
  const { document, env } = one;
  const status = statusOf(document, env.services.clock.now());
  const delivery = await statusOfDelivery(one, one.runner?.pendingStatus(0));
  return {
    verdict: explainState({ ...delivery, status }),
    change: undefined,
    clauses: [statusClause(one), ...throttlingOf(one, delivery), endpointOf(one, delivery)],
    delivery,
  };
}

function statusClause({ document, env }: Omit<ExplainInput, 'stored'>): Clause {
  const status = statusOf(document, env.services.clock.now());
  return { clause: 'status', isMet: status === 'active', asks: 'active', finds: status };
}

async function explainOf(id: string, terms: Terms, one: ExplainInput): Promise<Explanation> {
  const { document, env } = one;
  const now = env.services.clock.now();
  const present = await env.store.get(id, now);
  const record = present && (await lastChange(present, one));
  const status = statusOf(document, now);
  const asked = present ? await ask({ present, record, terms }, one) : [];
  const pending = one.runner?.pendingStatus(record?.position ?? 0);
  const outcome = record && (await outcomeOf(record, one, pending));
  const delivery = await statusOfDelivery(one, pending);
  const isThere = present !== undefined;
  const dueAt = dueIn(one, now);
  return {
    verdict: explainOutcome({ ...delivery, entity: id, status, isThere, clauses: asked, dueAt, outcome }),
    change: record && { position: positionText(env.epoch, record.position), at: record.at, event: record.event },
    clauses: [statusClause(one), ...asked, ...throttlingOf(one, delivery), endpointOf(one, delivery)],
    delivery,
  };
}

/** The condition that fails for an entity of which nothing is visible to the owner of the subscription. */
const ownerClause: Clause = { clause: 'owner', isMet: false, asks: 'a part that its rights show', finds: 'none' };

/** When the next notification of a subscription at intervals is due. */
const dueIn = ({ stored, progress }: ExplainInput, now: Instant): Instant | undefined =>
  stored.intervalMs === undefined ? undefined : (progress?.dueAt ?? now);

/** The record of the last change of an entity. Undefined when it was pruned, or when the subscription does not notify changes. */
async function lastChange({ version }: Stored, { env, stored }: ExplainInput): Promise<LogRecord | undefined> {
  if (stored.intervalMs !== undefined) return undefined;
  const [record] = await env.store.log.read(version - 1, 1);
  return record?.position === version ? record : undefined;
}

interface Question {
  readonly present: Stored;
  /** The last change of the entity. Undefined when there is none to explain. */
  readonly record: LogRecord | undefined;
  readonly terms: Terms;
}

/** The conditions, tested on what the owner of the subscription may see. */
async function ask({ present, record, terms }: Question, one: ExplainInput): Promise<readonly Clause[]> {
  const { document, stored, env } = one;
  const owner = createOwnerView(document, env);
  const get = async (id: string): Promise<Entity | undefined> =>
    (await owner.store()?.get(id, env.services.clock.now()))?.entity();
  const seen = record && owner.see(record);
  const entity = record ? seen?.entity : await get(present.id);
  if (!entity) return [ownerClause];
  if (stored.dialect) return stored.dialect.explain(entity, seen);
  const asking: ExplainContext = { document, stored, terms, get };
  return [...(await explainEntity(entity, asking)), ...(seen ? [explainChange(seen, asking)] : [])];
}

function throttlingOf(
  { stored: { throttlingMs }, env }: ExplainInput,
  { lastSuccess }: DeliveryStatus,
): readonly Clause[] {
  if (throttlingMs === undefined) return [];
  const asks = `${throttlingMs / 1000} seconds after a notification`;
  if (lastSuccess === undefined) return [{ clause: 'throttling', isMet: true, asks, finds: 'there was none' }];
  const until = microsOfInstant(lastSuccess) + throttlingMs * 1000;
  const isMet = until <= microsOfInstant(env.services.clock.now());
  return [{ clause: 'throttling', isMet, asks, finds: `the last one was taken at ${lastSuccess}` }];
}

function endpointOf({ stored }: ExplainInput, { notBefore, lastReason }: DeliveryStatus): Clause {
  const asks = maskUri(stored.endpoint.uri);
  const failure = lastReason === undefined ? '' : `the last failure was: ${lastReason}`;
  const closed = notBefore === undefined ? '' : `nothing is sent before ${notBefore}; `;
  const finds = closed + failure;
  return { clause: 'endpoint', isMet: notBefore === undefined, asks, ...(finds === '' ? undefined : { finds }) };
}

async function statusOfDelivery(
  one: Omit<ExplainInput, 'stored'> & Partial<ExplainInput>,
  pending: PendingStatus | undefined,
): Promise<DeliveryStatus> {
  const { document, env, progress } = one;
  const { store, epoch } = env;
  const newest = await store.log.position();
  const position = Math.max(document.since, progress?.position ?? 0);
  return {
    ...(progress?.statistics ?? noStatistics),
    lastReason: progress?.lastReason,
    notBefore: notBeforeOf(one, pending),
    position: positionText(epoch, position),
    newest: positionText(epoch, newest),
    unread: pending ? Math.max(0, newest - pending.seen) : 0,
    waiting: pending?.waiting ?? 0,
    deadLetters: (await store.collection(deadLetterCollection(document.id)).keys()).length,
  };
}

function notBeforeOf(
  { stored, env }: Pick<ExplainInput, 'env'> & Partial<ExplainInput>,
  pending: PendingStatus | undefined,
): Instant | undefined {
  const { scheduler, services, nowMs } = env;
  const blockedUntilMs = stored && scheduler.blockedUntilMs(stored.endpoint.uri);
  const untilMs = Math.max(pending?.notBeforeMs ?? 0, blockedUntilMs ?? 0);
  const waitMs = Math.ceil(untilMs - nowMs());
  return waitMs > 0 ? stampOfMicros(microsOfInstant(services.clock.now()) + waitMs * 1000) : undefined;
}

/** The state of the notification of a change, given that the change concerns the subscription. */
async function outcomeOf(
  { position }: LogRecord,
  one: ExplainInput,
  pending: PendingStatus | undefined,
): Promise<ChangeOutcome> {
  const { document, env } = one;
  const kept = await env.store.collection(deadLetterCollection(document.id)).get(deadLetterKey(position));
  if (kept !== undefined) return { kind: 'buried', letter: positionText(env.epoch, position), reason: reasonIn(kept) };
  if (position <= document.since) return { kind: 'before' };
  if (isFetched(one.stored.endpoint)) return { kind: 'fetched' };
  if (!pending || pending.isOpen) return { kind: 'open', tries: pending?.attempts ?? 0 };
  return { kind: pastOf(position, one) };
}

function reasonIn(kept: Json): string {
  try {
    return parseDeadLetter(kept).reason;
  } catch {
    return 'why cannot be read any more';
  }
}

/** The result of a notification that no longer waits. */
function pastOf(position: Position, { stored, progress }: ExplainInput): 'delivered' | 'throttled' | 'done' {
  const isThrottled = stored.throttlingMs !== undefined;
  const { lastDelivered = 0, statistics = noStatistics } = progress ?? {};
  if (lastDelivered === position || (!isThrottled && statistics.timesFailed === 0)) return 'delivered';
  return isThrottled && lastDelivered < position ? 'throttled' : 'done';
}
