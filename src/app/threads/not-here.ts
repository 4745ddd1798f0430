/** What an HTTP thread does not have: the requests that need it are answered by the main thread. */
import { createRegistrationIndex } from '../../core/federation/registration-index.ts';
import type { Services } from '../../core/operation/operation.ts';
import type { Documents } from '../../core/port/documents.ts';

const refuse = (): never => {
  throw new Error('Only the main thread does this.');
};

/** A thread answers only requests in tenants without context sources. */
const noRegistrations = createRegistrationIndex();

const services: Pick<
  Services,
  'subscriptions' | 'snapshots' | 'messenger' | 'registrations' | 'tickets' | 'sourceStores'
> = {
  subscriptions: {
    about: 'entities',
    check: refuse,
    refresh: refuse,
    watch: refuse,
    statistics: refuse,
    replay: refuse,
    forgetChanges: refuse,
    explain: refuse,
  },
  snapshots: {
    requireRoom: refuse,
    begin: refuse,
    isFilling: refuse,
    beat: refuse,
    noteUse: refuse,
    lastUse: refuse,
    release: refuse,
    onRelease: refuse,
    forget: refuse,
    stop: refuse,
  },
  messenger: { schemes: [], objection: refuse, send: refuse, close: refuse },
  registrations: {
    of: () => noRegistrations,
    replace: refuse,
    storeOf: refuse,
    begin: refuse,
    inTurn: refuse,
    beginWrite: () => () => undefined,
    follow: refuse,
    statistics: refuse,
    count: refuse,
  },
  sourceStores: { of: refuse },
  tickets: { lifetimeMs: 0, issue: refuse, redeem: refuse },
};

const documents: Documents = { forget: refuse, reload: refuse };

export const notHere = { services, documents };
