/** Notes for any broker, in a collection from which the database removes what nobody has taken. */
import type { Collection } from 'mongodb';
import type { Notes } from '../../core/port/notes.ts';
import { reach } from './connection.ts';

interface NoteDocument {
  readonly _id: string;
  readonly text: string;
  readonly until: Date;
}

export async function openNotes(notes: Collection<NoteDocument>): Promise<Notes> {
  await notes.createIndexes([{ key: { until: 1 }, expireAfterSeconds: 0 }]);
  return {
    leave: async (_id, text, lifetimeMs) => {
      await reach(notes.insertOne({ _id, text, until: new Date(Date.now() + lifetimeMs) }));
    },
    take: async (_id) => (await reach(notes.findOneAndDelete({ _id })))?.text,
  };
}
