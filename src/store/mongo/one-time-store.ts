/** A store of one-time texts for all brokers. The database removes expired ones. */
import type { Collection } from 'mongodb';
import type { OneTimeStore } from '../../core/port/one-time-store.ts';
import { reach } from './connection.ts';

interface NoteDocument {
  readonly _id: string;
  readonly text: string;
  readonly until: Date;
}

export async function openNotes(notes: Collection<NoteDocument>): Promise<OneTimeStore> {
  await notes.createIndexes([{ key: { until: 1 }, expireAfterSeconds: 0 }]);
  return {
    put: async (_id, text, lifetimeMs) => {
      await reach(notes.insertOne({ _id, text, until: new Date(Date.now() + lifetimeMs) }));
    },
    take: async (_id) => (await reach(notes.findOneAndDelete({ _id })))?.text,
  };
}
