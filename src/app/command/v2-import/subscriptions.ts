/** Copies subscriptions from one broker to another by NGSI v2, and reads each one back to compare it. */
import { isArray, isObject, type Json, type JsonObject, sameJson } from '../../../core/model/json.ts';
import type { Copied, Copying, V2Flaw } from './entities.ts';
import { requireSuccess, type V2Client } from './v2-client.ts';

const pageSize = 500;

/** A subscription with the service path that it is about. */
export interface Located {
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
    const isThere = isAmong(there, { servicePath, subscription: wanted });
    const reason = isThere ? undefined : await copyOne(wanted, servicePath, target);
    if (reason !== undefined) flaws.push({ id, reason });
  }
  return { read: found.length, same: found.length - flaws.length, flaws };
}

/**
 * Copies subscriptions that have been read with their service paths, as backups hold them. One that is there already is not created again.
 * The function returns what is wrong.
 */
export function createSubscriptionCopier(target: V2Client): (document: JsonObject) => Promise<string | undefined> {
  let there: Promise<readonly Located[]> | undefined;
  return async ({ servicePath: path, ...wanted }) => {
    const servicePath = typeof path === 'string' ? path : '/#';
    there ??= readLocated(target, new Set([servicePath]));
    return isAmong(await there, { servicePath, subscription: wanted })
      ? undefined
      : copyOne(wanted, servicePath, target);
  };
}

const isAmong = (there: readonly Located[], { servicePath, subscription }: Omit<Located, 'id'>): boolean =>
  there.some((one) => one.servicePath === servicePath && sameJson(shown(one.subscription), shown(subscription)));

/** Returns what is wrong; undefined when it is the same at the target. */
async function copyOne(wanted: JsonObject, servicePath: string, target: V2Client): Promise<string | undefined> {
  if (/"pass(?:wd|word)":"\*+"/.test(JSON.stringify(wanted)))
    return 'Its password is not shown by the source: create it by hand.';
  const made = await target.send('POST /v2/subscriptions', { body: wanted, servicePath });
  if (made.status !== 201) return made.text.slice(0, 300);
  const id = made.headers.get('location')?.split('/').at(-1) ?? '';
  const line = `GET /v2/subscriptions/${id}?${await wholeOption(target)}`;
  const { json } = requireSuccess(await target.send(line), `The subscription ${id}`);
  const there = isObject(json) ? shown(json) : {};
  const before = shown(wanted);
  const names = [...new Set([...Object.keys(before), ...Object.keys(there)])];
  const different = names.filter((name) => !sameJson(before[name], there[name]));
  return different.length === 0 ? undefined : `These are not the same: ${different.join(', ')}.`;
}

/** The parameter by which this broker shows secrets and service paths of subscriptions; empty for brokers that do not know the option. */
export async function wholeOption(client: V2Client): Promise<string> {
  const options = 'options=secrets';
  const { status } = await client.send(`GET /v2/subscriptions?limit=1&${options}`);
  return status === 200 ? options : '';
}

/** The subscriptions of a broker. One that shows no paths is asked for each of `paths`; what none of them has is about all paths. */
export async function readLocated(client: V2Client, paths: ReadonlySet<string>): Promise<readonly Located[]> {
  const option = await wholeOption(client);
  const all = await readAll(client, undefined, option);
  if (option !== '')
    return all.map(({ id, subscription: { servicePath, ...subscription } }) => ({
      id,
      subscription,
      servicePath: typeof servicePath === 'string' ? servicePath : '/#',
    }));
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
  option = '',
): Promise<readonly { readonly id: string; readonly subscription: JsonObject }[]> {
  const all: { readonly id: string; readonly subscription: JsonObject }[] = [];
  for (let offset = 0; ; offset += pageSize) {
    const line = `GET /v2/subscriptions?limit=${pageSize}&offset=${offset}&${option}`;
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
export function writable(subscription: JsonObject, isInactive = false): JsonObject {
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
  const { id: _id, servicePath: _path, status, expires, subject, ...members } = subscription;
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
