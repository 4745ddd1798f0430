/**
 * The token endpoint: access tokens by client credentials (RFC 6749, section 4.4), at the path and in the form in which clients of Keyrock ask
 * for them. The client id is the name of a key, the client secret is the key.
 */
import type { Authenticate, Identity, RequestHead } from '../../core/access/identity.ts';
import { Problem } from '../../core/model/problem.ts';
import { percentDecoded } from '../../core/model/read/percent.ts';
import type { CompatibilityRoute, CompatibilityResult } from '../../core/operation/compatibility-route.ts';
import { keyPrefix } from './key-text.ts';
import type { OwnTokens } from './own-tokens.ts';

export interface TokenRouteOptions {
  /** Verifies keys, and limits failures. */
  readonly authenticate: Authenticate;
  readonly tokens: Pick<OwnTokens, 'issue' | 'lifetimeSeconds'>;
}

const bodyBytesMax = 4096;
const grantType = 'client_credentials';

export const createTokenRoute = ({ authenticate, tokens }: TokenRouteOptions): CompatibilityRoute => ({
  name: 'issueToken',
  method: 'POST',
  path: '/oauth2/token',
  bodyBytesMax,
  async answer(request) {
    const form = new URLSearchParams(request.text);
    const wanted = form.get('grant_type');
    if (wanted !== grantType) return refusal(400, wanted === null ? 'invalid_request' : 'unsupported_grant_type');
    const { id, secret } = clientIn(request.headers, form);
    // A token gives no further token, so that it cannot be renewed without the key.
    const isKey = secret.startsWith(keyPrefix);
    const identity = isKey ? await holderOf(secret, authenticate, request) : undefined;
    const token = identity?.subject === `key:${id}` ? tokens.issue(identity) : undefined;
    if (token === undefined) return refusal(401, 'invalid_client', { 'WWW-Authenticate': 'Basic realm="mlaka"' });
    return reply(200, { access_token: token, token_type: 'Bearer', expires_in: tokens.lifetimeSeconds });
  },
});

interface Client {
  readonly id: string;
  readonly secret: string;
}

/** In the header (RFC 6749, section 2.3.1, with encoded parts) or in the body. */
function clientIn({ authorization }: RequestHead['headers'], form: URLSearchParams): Client {
  const [, encoded] = /^Basic +(\S+)$/i.exec(typeof authorization === 'string' ? authorization : '') ?? [];
  if (encoded === undefined) return { id: form.get('client_id') ?? '', secret: form.get('client_secret') ?? '' };
  const [id = '', secret = ''] = Buffer.from(encoded, 'base64').toString().split(':');
  return { id: decoded(id), secret: decoded(secret) };
}

const decoded = (text: string): string => percentDecoded(text) ?? '';

/** Throws TooManyRequests. Undefined for a wrong key: the endpoint has its own form of errors. */
async function holderOf(
  secret: string,
  authenticate: Authenticate,
  { headers: { authorization: _, ...headers }, ...head }: RequestHead,
): Promise<Identity | undefined> {
  try {
    return await authenticate({ ...head, headers: { ...headers, 'x-auth-token': secret } });
  } catch (error) {
    if (error instanceof Problem && error.type === 'Unauthenticated') return undefined;
    throw error;
  }
}

const reply = (
  status: number,
  body: Readonly<Record<string, string | number>>,
  headers: Readonly<Record<string, string>> = {},
): CompatibilityResult => ({ kind: 'json', status, body, headers: { 'Cache-Control': 'no-store', ...headers } });

const refusal = (status: number, error: string, headers?: Readonly<Record<string, string>>): CompatibilityResult =>
  reply(status, { error }, headers);
