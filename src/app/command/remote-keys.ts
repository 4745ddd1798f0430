/** API keys of a running broker, over its API. */
import { accessKeyIn, describedKey, type DescribedKey } from '../../core/port/access-key.ts';
import { isArray, isObject, type Json } from '../../core/model/json.ts';
import type { Keys } from '../../core/port/keys.ts';
import type { SendControl } from './control-client.ts';

const root = '/access/keys';

export const createRemoteKeys = (send: SendControl): Keys => ({
  create: async ({ name, roles, expiresAt }) =>
    textIn(await send('POST', root, { name, roles: [...roles], ...(expiresAt ? { expiresAt } : undefined) })),
  list: async () => {
    const listed = await send('GET', root);
    return isArray(listed) ? listed.map(described) : [];
  },
  describe: async (name) => described((await send('GET', pathOf(name))) ?? null),
  revoke: async (name) => {
    await send('DELETE', pathOf(name));
  },
  rotate: async (name, overlapSeconds) => textIn(await send('POST', `${pathOf(name)}/rotate`, { overlapSeconds })),
});

const pathOf = (name: string): string => `${root}/${encodeURIComponent(name)}`;

function textIn(body: Json | undefined): string {
  const key = isObject(body) ? body['key'] : undefined;
  if (typeof key === 'string') return key;
  throw new Error('The broker answered no key.');
}

function described(json: Json): DescribedKey {
  const lastUsedAt = isObject(json) ? json['lastUsedAt'] : undefined;
  const key = isObject(json) ? accessKeyIn({ ...json, secrets: [] }) : undefined;
  if (!key) throw new Error('The broker answered a key in an unknown form.');
  return describedKey(key, typeof lastUsedAt === 'string' ? lastUsedAt : undefined);
}
