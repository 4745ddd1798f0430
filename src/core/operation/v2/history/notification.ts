/** Stores what a notification of NGSI v2 tells as measurements: the newest become present, and older ones go into the history only. */
import type { Fragments } from '../../../model/attribute.ts';
import { createdAttributes } from '../../../model/v2/assign.ts';
import type { Instant } from '../../../model/instant.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../../model/json.ts';
import { badData } from '../../../model/problem.ts';
import type { HistoryFragment } from '../../../model/read/entity.ts';
import { readTimeIndex } from '../../../v2/time-index.ts';
import { typeIri } from '../../../v2/names.ts';
import { badRequest } from '../../../v2/problem.ts';
import { readV2Entity } from '../../../v2/read-entity.ts';
import { recordPast, splitInstances } from '../../split-instances.ts';
import type { CallContext } from '../../operation.ts';
import { checkPart } from '../../writing.ts';
import { readingOf, sentHeader, writePathOf } from '../request.ts';
import { failureOf } from '../writing.ts';

/** Writes the entities of a notification. Throws BadRequest before anything is written. */
export async function storeNotification(data: Json | undefined, call: CallContext): Promise<void> {
  if (!isArray(data)) throw badRequest('Discarding notification due to lack of request body content.');
  const { batchMax } = call.services.limits;
  if (data.length > batchMax) throw badData(`A batch may hold at most ${batchMax} elements, not ${data.length}.`);
  const { scope } = writePathOf(call);
  const given = data.map((element) => readNotified(element, call));
  const known = scope === undefined ? undefined : await knownIds(given, call);
  const histories = given.map((history) =>
    known?.has(history.id) === false
      ? { ...history, scopes: [{ kind: 'Property', value: scope ?? '' } as const] }
      : history,
  );
  for (const history of histories) await checkPart(history.id, history, call);
  const split = histories.map((history) => splitInstances(history, call.now, { create: true }));
  const outcomes = await call.store.apply(
    split.map(({ mutation }) => ({ mutation })),
    call.now,
  );
  await recordPast(
    split.flatMap(({ past }, index) => (outcomes[index]?.status === 'refused' ? [] : past)),
    call,
  );
  for (const outcome of outcomes) if (outcome.status === 'refused') throw failureOf(outcome.problem);
}

async function knownIds(
  histories: readonly HistoryFragment[],
  { store, now }: CallContext,
): Promise<ReadonlySet<string>> {
  const ids = histories.map(({ id }) => id);
  const found = await store.find({ filter: { selectors: [{ ids }] }, now, limit: ids.length, isLazy: true });
  return new Set(found.map(({ id }) => id));
}

/** An entity of the notification, all of whose attributes were observed at the same time. */
function readNotified(element: Json, call: CallContext): HistoryFragment {
  if (!isObject(element)) throw badRequest('entity must be a JSON object');
  for (const member of ['type', 'id'] as const)
    if (element[member] === undefined) throw badRequest(`Entity ${member} is required in notifications`);
  const { id, type = '', attrs } = readV2Entity(element, readingOf(new Set(), call));
  const index = timeIndexOf(element, call);
  return {
    id,
    types: [typeIri(type, call.context)],
    attrs: index === undefined ? createdAttributes(attrs) : observedAt(createdAttributes(attrs), index),
    scopes: [],
  };
}

const timeIndexOf = ({ id: _id, type: _type, ...attrs }: JsonObject, call: CallContext): Instant | undefined =>
  readTimeIndex(attrs, sentHeader(call, 'fiware-timeindex-attribute'));

const observedAt = (attrs: Fragments, index: Instant): Fragments =>
  Object.fromEntries(
    Object.entries(attrs).map(([name, fragments]) => [name, fragments.map((one) => ({ ...one, observedAt: index }))]),
  );
