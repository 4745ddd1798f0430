/**
 * Brings the copies of one subscription at sources in step with the subscription and the registrations (clauses 5.8.1.4, 5.8.2.4, 5.8.5.4).
 * Each step can be repeated: what a copy is to become is stored before the source is asked, and what it has become after.
 */
import { copyCollection, type SourceStore } from '../../../core/federation/source-store.ts';
import { readRegistration } from '../../../core/federation/read-registration.ts';
import type { Registration } from '../../../core/federation/registration.ts';
import { ngsildNull } from '../../../core/model/attribute.ts';
import { type Instant, microsOfInstant } from '../../../core/model/instant.ts';
import { isObject, type JsonObject, parseJson } from '../../../core/model/json.ts';
import { forEachSource } from '../../../core/operation/distributed/concerned-sources.ts';
import { requestOf, type SourceTarget } from '../../../core/operation/distributed/source-request.ts';
import type { SourceAnswer, SourceRequest, Sources } from '../../../core/port/sources.ts';
import { type Copy, copyJson } from './copy.ts';
import type { Place } from './forwarding-call.ts';
import type { WantedCopy } from './wanted.ts';

export interface Reconciling {
  /** The id of the subscription. */
  readonly id: string;
  readonly place: Place;
  readonly sources: Sources;
  readonly store: SourceStore;
  /** The URL at which sources notify of a copy. */
  readonly notifyUrl: (tenant: string, copy: string) => string;
  /** The target of a source whose copy is no longer wanted. Throws what the resolution of its @context throws. */
  readonly targetOf: (registration: Registration) => Promise<SourceTarget>;
}

/** Returns whether everything is as it should be. Otherwise it is to be tried again. */
export async function reconcile(
  copies: readonly Copy[],
  wanted: readonly WantedCopy[],
  reconciling: Reconciling,
): Promise<boolean> {
  const missing = new Map(wanted.map((one) => [one.target.registration.id, one]));
  const steps: (() => Promise<boolean>)[] = [];
  for (const copy of copies) {
    const want = copy.leavingAt === undefined ? missing.get(copy.registration.id) : undefined;
    if (want && isSameSource(copy, want)) {
      missing.delete(copy.registration.id);
      steps.push(() => update(copy, want, reconciling));
    } else steps.push(() => remove(copy, reconciling));
  }
  for (const want of missing.values()) steps.push(() => create(want, reconciling));
  const results = await forEachSource(steps, (step) => step());
  return results.every((isDone) => isDone);
}

/** A registration that now names another source leaves the copy at the former one behind. */
function isSameSource({ registration }: Copy, { target }: WantedCopy): boolean {
  const { endpoint, tenant } = registration.members;
  const { members } = target.registration.document;
  return endpoint === members['endpoint'] && tenant === members['tenant'];
}

async function create(want: WantedCopy, reconciling: Reconciling): Promise<boolean> {
  const { id, place } = reconciling;
  const copy: Copy = {
    // Operators of the source recognize it: other brokers name theirs so too.
    id: place.services.ids.next('Subscription:distsub'),
    subscription: id,
    registration: want.target.registration.document,
  };
  await keep(copy, reconciling);
  return update(copy, want, reconciling);
}

async function update(copy: Copy, want: WantedCopy, reconciling: Reconciling): Promise<boolean> {
  const { target } = want;
  const body = want.bodyFor(reconciling.notifyUrl(reconciling.place.tenant, copy.id));
  const sent = JSON.stringify(body);
  if (copy.sent === sent) return true;
  const next = { ...copy, registration: target.registration.document, sent };
  if (copy.sent === undefined) return send(next, { target, body }, reconciling);
  // A source that cannot change it gets another one.
  if (!target.registration.operations.has('updateSubscription')) {
    await remove(copy, reconciling);
    return create(want, reconciling);
  }
  const answer = await patch(copy, { target, body }, reconciling);
  if (statusOf(answer) === 404) return send(next, { target, body }, reconciling);
  return isTaken(answer) && (await keep(next, reconciling));
}

interface Sending {
  readonly target: SourceTarget;
  readonly body: JsonObject;
}

/** Creates the copy at the source. It may be there already, if the answer to an earlier attempt did not arrive. */
async function send(copy: Copy, { target, body }: Sending, reconciling: Reconciling): Promise<boolean> {
  const request = requestOf(target, {
    method: 'POST',
    path: '/subscriptions',
    params: {},
    body: { id: copy.id, ...body },
  });
  const answer = await ask(request, target, reconciling);
  if (statusOf(answer) === 409)
    return isTaken(await patch(copy, { target, body }, reconciling)) && keep(copy, reconciling);
  if (!isTaken(answer)) return false;
  const remoteId = answer.kind === 'answered' ? idIn(answer.headers['location']) : undefined;
  return keep(remoteId === undefined || remoteId === copy.id ? copy : { ...copy, remoteId }, reconciling);
}

/** Most characters of an id that a source chooses. */
const idLengthMax = 1000;

function idIn(location: string | undefined): string | undefined {
  const last = location?.split('?')[0]?.split('/').at(-1);
  if (!last || last.length > idLengthMax) return undefined;
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** Members that the copy had and has no more are removed. */
function patch(copy: Copy, { target, body }: Sending, reconciling: Reconciling): Promise<SourceAnswer> {
  const before = copy.sent === undefined ? {} : parseJson(copy.sent);
  const gone = Object.keys(isObject(before) ? before : {}).filter((name) => body[name] === undefined);
  const nulls = Object.fromEntries(gone.map((name) => [name, ngsildNull]));
  const request = requestOf(target, { method: 'PATCH', path: pathOf(copy), params: {}, body: { ...body, ...nulls } });
  return ask(request, target, reconciling);
}

/** How long a source that does not answer is asked to delete a copy. */
const leavingMicros = 7 * 24 * 3_600_000_000;

async function remove(copy: Copy, reconciling: Reconciling): Promise<boolean> {
  const now = reconciling.place.services.clock.now();
  const { leavingAt = now } = copy;
  if (copy.leavingAt === undefined) await keep({ ...copy, leavingAt }, reconciling);
  const registration = readRegistration(copy.registration);
  const isAsked = registration.operations.has('deleteSubscription') && !isOver(leavingAt, now);
  if (isAsked) {
    const target = await reconciling.targetOf(registration);
    const answer = await ask(
      requestOf(target, { method: 'DELETE', path: pathOf(copy), params: {} }),
      target,
      reconciling,
    );
    if (!isTaken(answer) && statusOf(answer) !== 404) return false;
  }
  await reconciling.store.collection(copyCollection).delete(copy.id);
  return true;
}

const isOver = (leavingAt: Instant, now: Instant): boolean =>
  microsOfInstant(now) - microsOfInstant(leavingAt) > leavingMicros;

const pathOf = ({ id, remoteId = id }: Copy): string => `/subscriptions/${encodeURIComponent(remoteId)}`;

async function ask(
  request: SourceRequest,
  { registration }: SourceTarget,
  { sources, place }: Reconciling,
): Promise<SourceAnswer> {
  const { tenant, services } = place;
  const answer = await sources.ask(request);
  const isGood = isTaken(answer) || statusOf(answer) === 404;
  services.registrations.count(tenant, registration.id, { isGood, at: services.clock.now() });
  return answer;
}

const statusOf = (answer: SourceAnswer): number => (answer.kind === 'answered' ? answer.status : 0);

const isTaken = (answer: SourceAnswer): boolean => statusOf(answer) >= 200 && statusOf(answer) < 300;

async function keep(copy: Copy, { store }: Reconciling): Promise<true> {
  await store.collection(copyCollection).put(copy.id, copyJson(copy));
  return true;
}
