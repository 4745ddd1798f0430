/** Operations on subscriptions of NGSI v2. They are stored beside those of NGSI-LD and notified by the same engine. */
import type { Json, JsonObject } from '../../../model/json.ts';
import {
  isV2Subscription,
  type SubscriptionDocument,
  subscriptionIn,
  subscriptionJson,
} from '../../../model/subscription.ts';
import { changeDocument, readEach } from '../../../port/document-collection.ts';
import { serialized } from '../../../port/serialized.ts';
import { subscriptionCollection } from '../../../port/subscriptions.ts';
import { badRequest, V2Problem } from '../../../v2/problem.ts';
import type { CallContext, Operation, OperationRequest } from '../../operation.ts';
import { bodyOf } from '../../parameters.ts';
import { readPage, readV2Options } from '../../../v2/page.ts';
import { mayManage } from '../owner.ts';
import { resumed, withContextKept } from '../document.ts';
import { createWithinQuota } from '../quota.ts';
import { removeSubscription } from '../remove.ts';
import { newV2Document, patchV2Document, servicePathIn } from './document.ts';
import { showV2 } from './show.ts';

const common = {
  access: 'subscribe',
  checksDocuments: true,
  clause: '5.8.1',
  media: ['json'],
  parameters: [],
  unknownTenant: 'empty',
} as const;
const all = '/v2/subscriptions';
const one = '/v2/subscriptions/{id}';

export const createV2Subscription = {
  ...common,
  name: 'createV2Subscription',
  method: 'POST',
  path: all,
  action: 'write',
  body: 'object',
  unknownTenant: 'create',
  async run(request, call) {
    const document = await newV2Document(bodyOf(request), call);
    await call.services.subscriptions.check(call.tenant, document);
    await createWithinQuota(document.id, call, async () => {
      const whole = await withContextKept(document, call);
      await call.store.collection(subscriptionCollection).put(whole.id, subscriptionJson(whole));
      await call.services.subscriptions.refresh(call.tenant, whole.id);
    });
    return { kind: 'created', location: `${all}/${document.id}` };
  },
} satisfies Operation;

export const updateV2Subscription = {
  ...common,
  name: 'updateV2Subscription',
  method: 'PATCH',
  path: one,
  action: 'write',
  body: 'object',
  async run(request, call) {
    const id = idIn(request);
    await serialized(call, id, async () => {
      await changeDocument(call.store.collection(subscriptionCollection), id, async (kept) => {
        const before = readKept(kept, call);
        const after = patchV2Document(before, bodyOf(request), call);
        await call.services.subscriptions.check(call.tenant, after);
        return subscriptionJson(await resumed(before, after, call));
      });
      await call.services.subscriptions.refresh(call.tenant, id);
    });
    return { kind: 'done' };
  },
} satisfies Operation;

export const deleteV2Subscription = {
  ...common,
  name: 'deleteV2Subscription',
  method: 'DELETE',
  path: one,
  action: 'write',
  body: 'none',
  async run(request, call) {
    const id = idIn(request);
    await serialized(call, id, async () => {
      const kept = await call.store.collection(subscriptionCollection).get(id);
      if (!isManaged(kept, call) || !(await removeSubscription(id, call))) throw unknown();
    });
    return { kind: 'done' };
  },
} satisfies Operation;

export const retrieveV2Subscription = {
  ...common,
  name: 'retrieveV2Subscription',
  method: 'GET',
  path: one,
  parameters: ['options'],
  action: 'read',
  body: 'none',
  async run(request, call) {
    const id = idIn(request);
    const document = readKept(await call.store.collection(subscriptionCollection).get(id), call);
    if (!isOfPath(document, call)) throw unknown();
    return { kind: 'found', text: JSON.stringify(await shown(document, readOptions(request), call)) };
  },
} satisfies Operation;

export const listV2Subscriptions = {
  ...common,
  name: 'listV2Subscriptions',
  method: 'GET',
  path: all,
  parameters: ['limit', 'offset', 'options'],
  action: 'read',
  body: 'none',
  async run({ params }, call) {
    const options = readOptions({ params });
    const { limit, offset, isCounted } = readPage(params, options);
    const kept = await call.store.collection(subscriptionCollection).list();
    const documents = readEach(
      kept.filter(({ document }) => isManaged(document, call)),
      ({ document }) => subscriptionIn(document),
      (key, cause) => call.services.observe({ kind: 'failed', where: 'subscription', about: key, cause }),
    )
      .filter((document) => isOfPath(document, call))
      .sort((a, b) => (a.createdAt < b.createdAt ? -1 : Number(a.createdAt > b.createdAt)));
    const list: JsonObject[] = [];
    for (const document of documents.slice(offset, offset + limit)) list.push(await shown(document, options, call));
    const { length: count } = documents;
    const page = { limit, offset, hasMore: count > offset + limit, ...(isCounted ? { count } : undefined) };
    return { kind: 'found', text: JSON.stringify(list), page };
  },
} satisfies Operation;

/** True for a stored subscription of NGSI v2 that the caller may see and change. */
const isManaged = (kept: Json | undefined, call: CallContext): kept is JsonObject =>
  isV2Subscription(kept) && mayManage(kept, call);

/** Throws NotFound for one that is absent, of NGSI-LD, or of another owner. */
function readKept(kept: Json | undefined, call: CallContext): SubscriptionDocument {
  if (!isManaged(kept, call)) throw unknown();
  return subscriptionIn(kept);
}

/** The option that shows what NGSI v2 does not show: secrets, and the service path. A backup needs both. */
const secrets = 'secrets';

const readOptions = ({ params }: Pick<OperationRequest, 'params'>): ReadonlySet<string> =>
  readV2Options(params, [secrets]);

async function shown(
  document: SubscriptionDocument,
  options: ReadonlySet<string>,
  call: CallContext,
): Promise<JsonObject> {
  const statistics = await call.services.subscriptions.statistics(call.tenant, document);
  return showV2(document, { statistics, now: call.now, isWhole: options.has(secrets) });
}

/** A request that names a service path gets the subscriptions of exactly this path; `/#` stands for all. */
function isOfPath({ v2 }: SubscriptionDocument, call: CallContext): boolean {
  const path = servicePathIn(call) ?? '/#';
  return path === '/#' || path === v2?.servicePath;
}

function idIn({ path: { id = '' } }: OperationRequest): string {
  if (/^[0-9a-f]{24}$/i.test(id)) return id.toLowerCase();
  const reason = id.length === 24 ? 'invalid char in ID string' : 'bad length - 24 chars expected';
  throw badRequest(`Invalid subscription ID: ${reason}`);
}

const unknown = (): V2Problem => new V2Problem('NotFound', 'The requested subscription has not been found. Check id');

/** All of them. */
export const v2SubscriptionOperations: readonly Operation[] = [
  createV2Subscription,
  listV2Subscriptions,
  retrieveV2Subscription,
  updateV2Subscription,
  deleteV2Subscription,
];
