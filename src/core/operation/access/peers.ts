/** The operation that shows administrators the health of the peers of a tenant: the hosts of its context sources. */
import { isExpired } from '../../federation/registration.ts';
import type { JsonObject } from '../../model/json.ts';
import type { PeerHealth } from '../../port/sources.ts';
import { readHead } from '../heads.ts';
import type { Operation } from '../operation.ts';
import { pageOf, readPaging } from '../parameters.ts';

export const listPeers: Operation = {
  ...readHead,
  name: 'listPeers',
  clause: '5.15',
  access: 'administer',
  path: '/access/peers',
  parameters: ['limit', 'offset', 'count'],
  media: ['json'],
  takesContext: true,
  async run(request, call) {
    const { registrations, sources, limits } = call.services;
    const paging = readPaging(request.params, limits);
    const index = await registrations.of(call.tenant);
    const byHost = Map.groupBy(
      index.all().filter((one) => !isExpired(one, call.now)),
      ({ endpoint }) => hostOf(endpoint),
    );
    const hosts = [...byHost].sort(([a], [b]) => (a < b ? -1 : 1));
    const rest = hosts.slice(paging.offset, paging.offset + paging.limit + 1);
    const shown = rest.slice(0, paging.limit).map(([host, all]) =>
      peerJson(
        host,
        sources?.health(host),
        all.map(({ id }) => id),
      ),
    );
    const page = pageOf(rest.length, paging, paging.isCounted ? hosts.length : undefined);
    return { kind: 'found', text: JSON.stringify(shown), page };
  },
};

/** The host and port of an endpoint, without a password. */
const hostOf = (endpoint: string): string =>
  (/^https?:\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(endpoint)?.[1] ?? endpoint).toLowerCase();

/** Most registrations that are named of one host. */
const namedMax = 100;

function peerJson(host: string, health: PeerHealth | undefined, registrations: readonly string[]): JsonObject {
  return {
    type: 'Peer',
    host,
    state: stateOf(health),
    ...(health ? countsOf(health) : undefined),
    registrationCount: registrations.length,
    registrations: registrations.slice(0, namedMax),
  };
}

const countsOf = ({ isResting: _isResting, meanMs, slowestMs, ...counts }: PeerHealth): JsonObject => ({
  ...counts,
  meanMs: Math.round(meanMs),
  slowestMs: Math.round(slowestMs),
});

/** `resting`: the host is left alone for a moment, because it did not answer several times. */
function stateOf(health: PeerHealth | undefined): 'unknown' | 'resting' | 'failing' | 'ok' {
  if (!health) return 'unknown';
  if (health.isResting) return 'resting';
  return health.failuresInARow > 0 ? 'failing' : 'ok';
}
