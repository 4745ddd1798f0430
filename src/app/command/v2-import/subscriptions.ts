/** Copies subscriptions from one broker to another by NGSI v2, and reads each one back to compare it. */
import { isArray, isObject, type Json, type JsonObject, sameJson } from '../../../core/model/json.ts';
import type { Copied, Copying, V2Flaw } from './entities.ts';
import { requireSuccess, type V2Client } from './v2-client.ts';

const pageSize = 500;

/** A subscription with the service path that it is about. */
interface Located {
  readonly id: string;
  readonly servicePath: string;
  readonly subscription: JsonObject;
}

export interface SubscriptionCopying extends Copying {
  /** The service paths in which entities are. */
  readonly paths: ReadonlySet<string>;
  /** True: they are created inactive. */
  readonly isInactive: boolean;
}

/** Copies all subscriptions. One that is there already, with the same members and path, is not created again. */
export async function copySubscriptions(copying: SubscriptionCopying): Promise<Copied> {
  const { source, target, isInactive, signal } = copying;
  const found = await readLocated(source, copying.paths);
  const there = await readLocated(target, new Set(found.map(({ servicePath }) => servicePath)));
  const flaws: V2Flaw[] = [];
  for (const { id, servicePath, subscription } of found) {
    signal.throwIfAborted();
    const wanted = writable(subscription, isInactive);
    const isThere = there.some(
      (one) => one.servicePath === servicePath && sameJson(shown(one.subscription), shown(wanted)),
    );
    const reason = isThere ? undefined : await copyOne(wanted, servicePath, target);
    if (reason !== undefined) flaws.push({ id, reason });
  }
  return { read: found.length, same: found.length - flaws.length, flaws };
}

/** Returns what is wrong; undefined when it is the same at the target. */
async function copyOne(wanted: JsonObject, servicePath: string, target: V2Client): Promise<string | undefined> {
  if (/"pass(?:wd|word)":"\*+"/.test(JSON.stringify(wanted)))
    return 'Its password is not shown by the source: create it by hand.';
  const made = await target.send('POST /v2/subscriptions', { body: wanted, servicePath });
  if (made.status !== 201) return made.text.slice(0, 300);
  const id = made.headers.get('location')?.split('/').at(-1) ?? '';
  const { json } = requireSuccess(await target.send(`GET /v2/subscriptions/${id}`), `The subscription ${id}`);
  const there = isObject(json) ? shown(json) : {};
  const before = shown(wanted);
  const names = [...new Set([...Object.keys(before), ...Object.keys(there)])];
  const different = names.filter((name) => !sameJson(before[name], there[name]));
  return different.length === 0 ? undefined : `These are not the same: ${different.join(', ')}.`;
}

/** The subscriptions of a broker. Lists show no paths: it is asked for each path, and those that none of them has are about all paths. */
async function readLocated(client: V2Client, paths: ReadonlySet<string>): Promise<readonly Located[]> {
  const all = await readAll(client, undefined);
  const pathOf = new Map<string, string>();
  for (const path of candidates(paths))
    for (const { id } of await readAll(client, path)) if (!pathOf.has(id)) pathOf.set(id, path);
  return all.map(({ id, subscription }) => ({ id, subscription, servicePath: pathOf.get(id) ?? '/#' }));
}

/** The paths, each also with all below it, and with those above it. */
function candidates(paths: ReadonlySet<string>): readonly string[] {
  const above = [...paths].flatMap((path) => {
    const levels = path.split('/').filter((level) => level !== '' && level !== '#');
    return levels.map((_, count) => `/${levels.slice(0, count + 1).join('/')}`);
  });
  return [...new Set(['/', ...above.flatMap((path) => [path, `${path}/#`])])];
}

async function readAll(
  client: V2Client,
  servicePath: string | undefined,
): Promise<readonly { readonly id: string; readonly subscription: JsonObject }[]> {
  const all: { readonly id: string; readonly subscription: JsonObject }[] = [];
  for (let offset = 0; ; offset += pageSize) {
    const line = `GET /v2/subscriptions?limit=${pageSize}&offset=${offset}`;
    const answer = await client.send(line, servicePath === undefined ? {} : { servicePath });
    const { json } = requireSuccess(answer, 'Subscriptions could not be read');
    const page = (isArray(json) ? json : []).filter(isObject);
    all.push(
      ...page.flatMap((subscription) => {
        const { id } = subscription;
        return typeof id === 'string' ? [{ id, subscription }] : [];
      }),
    );
    if (page.length < pageSize) return all;
  }
}

/** Members that brokers write. */
const counters = new Set(
  'timesSent lastNotification lastSuccess lastSuccessCode lastFailure lastFailureReason failsCounter'.split(' '),
);

/** What a client can write of a subscription. */
function writable(subscription: JsonObject, isInactive: boolean): JsonObject {
  const { id: _id, status, ...members } = subscription;
  const known = status === 'inactive' || status === 'oneshot' ? status : 'active';
  return { ...members, notification: notificationOf(subscription), status: isInactive ? 'inactive' : known };
}

function notificationOf({ notification }: JsonObject): Json {
  if (!isObject(notification)) return {};
  return Object.fromEntries(Object.entries(notification).filter(([name]) => !counters.has(name)));
}

/** The members that are compared, with the defaults that old versions do not show. */
function shown(subscription: JsonObject): JsonObject {
  const { id: _id, status, expires, subject, ...members } = subscription;
  const { condition, entities = [] } = isObject(subject) ? subject : {};
  return {
    ...members,
    status: status === 'expired' || status === undefined ? 'active' : status,
    ...(typeof expires === 'string' && expires !== '' ? { expires: new Date(expires).toISOString() } : undefined),
    subject: {
      entities,
      condition: { attrs: [], notifyOnMetadataChange: true, ...(isObject(condition) ? condition : undefined) },
    },
    notification: {
      ...{ attrs: [], attrsFormat: 'normalized', onlyChangedAttrs: false, covered: false },
      ...asObject(notificationOf(subscription)),
    },
  };
}

const asObject = (json: Json): JsonObject => (isObject(json) ? json : {});
