/** Collects the contract suite: what every store must do, whatever its storage. */
import { afterEach, beforeEach, describe } from '@jest/globals';
import type { Store, Stores } from '../../../src/core/port/store.ts';
import type { Bench, Opened } from './bench.ts';
import { describeAudit } from './audit.ts';
import { describeConditions } from './conditions.ts';
import { describeExpiry } from './expiry.ts';
import { describeFilters } from './filters.ts';
import { describeHistory } from './history.ts';
import { describeHistorySelection } from './history-selection.ts';
import { describeLog } from './log.ts';
import { describeMeasured } from './measured.ts';
import { describeMutations } from './mutations.ts';
import { describeNames } from './names.ts';
import { describeOrder } from './order.ts';
import { describeOwners } from './owners.ts';
import { describeReopening } from './reopening.ts';
import { describeRetention } from './retention.ts';
import { describeRevisions } from './revisions.ts';
import { describeShelves } from './document-collections.ts';
import { describeSubjects } from './subjects.ts';
import { describeSummary } from './summary.ts';
import { describeTenants } from './tenants.ts';

/** Registers the tests. `open` gives a new, empty persistence each time; it is closed after each test. */
export function describeStore(name: string, open: () => Promise<Opened>): void {
  describe(`the ${name} store`, () => {
    let opened: Opened;
    let stores: Stores;
    let store: Store;

    const use = async (next: Stores): Promise<void> => {
      stores = next;
      const present = await stores.open('', false);
      if (!present) throw new Error('The default tenant is not there.');
      store = present;
    };
    const bench: Bench = {
      stores: () => stores,
      store: () => store,
      reopen: async () => {
        if (!opened.reopen) return undefined;
        await stores.close();
        await use(await opened.reopen());
        return store;
      },
    };

    beforeEach(async () => {
      opened = await open();
      await use(opened.stores);
    });
    afterEach(() => stores.close());

    describeMutations(bench);
    describeConditions(bench);
    describeOrder(bench);
    describeFilters(bench);
    describeHistory(bench);
    describeHistorySelection(bench);
    describeMeasured(bench);
    describeRevisions(bench);
    describeRetention(bench);
    describeLog(bench);
    describeSummary(bench);
    describeExpiry(bench);
    describeOwners(bench);
    describeSubjects(bench);
    describeNames(bench);
    describeShelves(bench);
    describeTenants(bench);
    describeAudit(bench);
    describeReopening(bench);
  });
}
