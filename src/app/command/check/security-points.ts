/** The points of the Security API: tokens as Keyrock gives them, and the headers in which clients send them. */
import type { CheckPoint, CheckRequest, Platform } from './check-point.ts';
import { requireStatus, requireThat, valueAt } from './check-point.ts';

const area = 'security' as const;
const list = '/v2/entities?limit=1';

const needsKey = ({ key }: Platform): string | undefined => (key === '' ? 'It needs --key.' : undefined);

/** A list that is asked for with this token only. */
const askedWith = (headers: CheckRequest['headers']): CheckRequest => ({
  path: list,
  headers: { 'X-Auth-Token': '', ...headers },
});

export const securityPoints: readonly CheckPoint[] = [
  {
    area,
    title: 'a request without a token is refused',
    skipped: needsKey,
    async run(check) {
      requireStatus(await check.send(askedWith({})), 401);
    },
  },
  {
    area,
    title: 'X-Auth-Token and Authorization carry a token alike',
    skipped: needsKey,
    async run(check) {
      const { key } = check.platform;
      requireStatus(await check.send(askedWith({ 'X-Auth-Token': key })), 200);
      requireStatus(await check.send(askedWith({ Authorization: `Bearer ${key}` })), 200);
    },
  },
  {
    area,
    title: 'POST /oauth2/token gives a client a token that is accepted',
    skipped: ({ client }) => (client === '' ? 'It needs --client and --secret.' : undefined),
    async run(check) {
      const { client, secret, keyrock } = check.platform;
      const answer = await check.send({
        method: 'POST',
        path: '/oauth2/token',
        at: keyrock,
        text: 'grant_type=client_credentials',
        headers: {
          'X-Auth-Token': '',
          Authorization: `Basic ${Buffer.from(`${client}:${secret}`).toString('base64')}`,
          'Content-Type': 'application/x-www-form-urlencoded',
        },
      });
      requireStatus(answer, 200);
      const token = valueAt(answer.json, 'access_token');
      // The text of an answer with a token is not shown.
      requireThat(typeof token === 'string' && token !== '', 'The answer has no access_token.');
      if (typeof token === 'string') requireStatus(await check.send(askedWith({ 'X-Auth-Token': token })), 200);
    },
  },
];
