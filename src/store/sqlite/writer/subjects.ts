/** Maintains the subjects that have a history but no present entity: it was deleted, or only past instances are known. */
import type { Database } from 'better-sqlite3';
import type { Names } from '../names.ts';
import { stringsIn } from '../own-text.ts';

interface DeletedSubject {
  readonly id: string;
  readonly subject: number;
  /** The last known types. */
  readonly types: readonly string[];
}

export interface Subjects {
  /** The subject of an entity that does not exist, if it has one. */
  deletedSubject(id: string): number | undefined;
  markDeleted(departed: DeletedSubject): void;
  /** Called when an entity is created again: returns its subject, if it had one. */
  restore(id: string): number | undefined;
}

export function createSubjects(database: Database, names: Names): Subjects {
  const find = database.prepare<[string], { subject: number; types: string }>(
    'SELECT subject, types FROM departed WHERE id = ?',
  );
  const add = database.prepare<[string, number, string]>('INSERT INTO departed (id, subject, types) VALUES (?, ?, ?)');
  const remove = database.prepare<[string]>('DELETE FROM departed WHERE id = ?');
  const addType = database.prepare<[number, number]>(
    'INSERT OR IGNORE INTO departed_type (type, subject) VALUES (?, ?)',
  );
  const removeType = database.prepare<[number, number]>('DELETE FROM departed_type WHERE type = ? AND subject = ?');
  return {
    deletedSubject: (id) => find.get(id)?.subject,
    markDeleted({ id, subject, types }) {
      add.run(id, subject, JSON.stringify(types));
      for (const type of types) addType.run(names.numOf(type), subject);
    },
    restore(id) {
      const row = find.get(id);
      if (!row) return undefined;
      for (const type of stringsIn(row.types)) removeType.run(names.numOf(type), row.subject);
      remove.run(id);
      return row.subject;
    },
  };
}
