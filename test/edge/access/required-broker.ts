/** Starts a broker that requires access, and sends requests to it with keys that the test makes and grants to. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { startTestBroker } from '../../scenario/scenario.ts';

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

export interface RequiredBroker {
  readonly url: string;
  /** The key of the administrator. */
  readonly administrator: string;
  /** Sends a request, such as `GET /ngsi-ld/v1/types`. Absent `key`: anonymous. */
  send(request: string, sent?: Sent): Promise<Answer>;
  /** Makes a key whose only role has its name, and returns its secret. */
  key(name: string): Promise<string>;
  /** Makes a grant, and returns its path. */
  grant(members: JsonObject): Promise<string>;
  remove(path: string): Promise<void>;
  stop(): Promise<void>;
}

interface Sent {
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function startRequiredBroker(args: readonly string[] = []): Promise<RequiredBroker> {
  const broker = await startTestBroker(['--store', 'memory', '--models', 'off', '--access', 'required', ...args]);
  const administrator = readFileSync(join(broker.folder, 'administrator.key'), 'utf8').trim();
  const send: RequiredBroker['send'] = async (request, { key, body, headers } = {}) => {
    const space = request.indexOf(' ');
    const response = await fetch(broker.url + request.slice(space + 1), {
      method: request.slice(0, space),
      headers: {
        ...(key === undefined ? undefined : { Authorization: `Bearer ${key}` }),
        ...(body === undefined ? undefined : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? undefined : { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  return {
    url: broker.url,
    administrator,
    send,
    key: async (name) => {
      const body = { name, roles: [name] };
      const { text } = await send('POST /ngsi-ld/v1/access/keys', { key: administrator, body });
      return (JSON.parse(text) as { key: string }).key;
    },
    grant: async (body) => {
      const made = await send('POST /ngsi-ld/v1/access/grants', { key: administrator, body });
      expect([made.status, made.text]).toEqual([201, '']);
      return made.headers.get('Location') ?? '';
    },
    remove: async (path) => {
      expect((await send(`DELETE ${path}`, { key: administrator })).status).toBe(204);
    },
    stop: () => broker.stop(),
  };
}
