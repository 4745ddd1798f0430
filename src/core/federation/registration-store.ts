/**
 * Shows the registrations of a tenant as a store: its entities are the registrations, its log is that of their changes, and its collections
 * are those of the subscriptions to them. So these subscriptions are run like others.
 */
import type { DocumentCollection, Store, Stored } from '../port/store.ts';
import { subscriptionCollection } from '../port/subscriptions.ts';
import type { Registration } from './registration.ts';
import { type DocumentLog, openDocumentLog } from './document-log.ts';
import {
  type RegistrationChange,
  registrationChangeIn,
  registrationChangeJson,
  registrationRecord,
} from './registration-change.ts';
import type { RegistrationIndex } from './registration-index.ts';

/** The change log of registrations. It is written only while somebody subscribes to registrations. */
interface RegistrationLog extends Omit<DocumentLog, 'append'> {
  append(change: RegistrationChange): Promise<void>;
}

export interface RegistrationStore extends Store {
  readonly log: RegistrationLog;
  /** Whether there are subscriptions to registrations. */
  isFollowed(): Promise<boolean>;
  /** The newest change of the log. */
  last(): Promise<RegistrationChange | undefined>;
}

/** The name in the store of the tenant of a collection of the store of its registrations. */
export const registrationCollectionOf = (name: string): string => `registrations/${name}`;

export function createRegistrationStore(store: Store, index: RegistrationIndex): RegistrationStore {
  const collection = (name: string): DocumentCollection => store.collection(registrationCollectionOf(name));
  const documents = openDocumentLog(collection('changes'), registrationRecord);
  const log = {
    ...documents,
    append: (change: RegistrationChange) => documents.append(registrationChangeJson(change)),
  };
  return {
    ...store,
    collection,
    log,
    get: (id) => Promise.resolve(index.get(id)).then((one) => one && storedOf(one, 0)),
    find: ({ after = 0, limit }) =>
      Promise.resolve(
        index
          .all()
          .slice(after, after + limit)
          .map((one, n) => storedOf(one, after + n + 1)),
      ),
    count: () => Promise.resolve(index.size),
    isFollowed: async () => (await collection(subscriptionCollection).keys()).length > 0,
    async last() {
      const [record] = await log.read((await log.position()) - 1, 1);
      return record && registrationChangeIn(record);
    },
  };
}

const storedOf = ({ id, described }: Registration, cursor: number): Stored => ({
  id,
  version: 0,
  cursor,
  types: () => described.types,
  entity: () => described,
});
