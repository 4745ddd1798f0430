/** Sends requests of commands to the running broker on the same data folder, over its control socket. */
import { request } from 'node:http';
import { isObject, type Json, parseJson } from '../../core/model/json.ts';
import { answers, controlPath } from '../control-socket.ts';

/** Sends a request to a path below /ngsi-ld/v1. Returns the body. Throws an Error with the reason when the broker refuses. */
export type SendControl = (method: string, path: string, body?: Json) => Promise<Json | undefined>;

/** A client of the broker that runs on the data folder, for a tenant. Undefined when none answers. */
export async function findRunningBroker(data: string, tenant = ''): Promise<SendControl | undefined> {
  const path = controlPath(data);
  return path !== undefined && (await answers(path)) ? createControlClient(path, tenant) : undefined;
}

const createControlClient =
  (socketPath: string, tenant: string): SendControl =>
  async (method, path, body) => {
    const { status, text } = await exchange(socketPath, { method, path: `/ngsi-ld/v1${path}`, tenant }, body);
    const json = text === '' ? undefined : parseJson(text);
    if (status < 300) return json;
    throw new Error(
      isObject(json) && typeof json['detail'] === 'string' ? json['detail'] : `The broker answered ${status}.`,
    );
  };

function exchange(
  socketPath: string,
  { tenant, ...target }: { readonly method: string; readonly path: string; readonly tenant: string },
  body?: Json,
): Promise<{ readonly status: number; readonly text: string }> {
  const text = body === undefined ? '' : JSON.stringify(body);
  const headers = {
    ...{ Host: 'localhost', 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) },
    ...(tenant === '' ? undefined : { 'NGSILD-Tenant': encodeURIComponent(tenant) }),
  };
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, ...target, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part)).on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
    });
    sent.on('error', reject).end(text);
  });
}
