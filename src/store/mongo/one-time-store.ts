/** A store of one-time texts for all brokers. The database removes expired ones. */
import type { Collection } from 'mongodb';
import type { OneTimeStore } from '../../core/port/one-time-store.ts';
import { withDatabase } from './connection.ts';

interface OneTimeDocument {
  readonly _id: string;
  readonly text: string;
  readonly until: Date;
}

export async function openOneTimeStore(notes: Collection<OneTimeDocument>): Promise<OneTimeStore> {
  await notes.createIndexes([{ key: { until: 1 }, expireAfterSeconds: 0 }]);
  return {
    put: async (_id, text, lifetimeMs) => {
      await withDatabase(notes.insertOne({ _id, text, until: new Date(Date.now() + lifetimeMs) }));
    },
    take: async (_id) => (await withDatabase(notes.findOneAndDelete({ _id })))?.text,
  };
}
