/** Looks through a tenant's file for what names a subject, and erases it: one slice at a time, within the current transaction. */
import type { Database } from 'better-sqlite3';
import type { SubjectFindings, SubjectSlice } from '../../../core/port/subject.ts';
import type { Names } from '../names.ts';
import type { Tables } from '../writer/execute-write.ts';
import { createDocumentSlice, createEntitySlice } from './entity-slice.ts';
import { overwriteFreePages } from './free-pages.ts';
import { createHistorySlice, createRollupSlice } from './history-slice.ts';
import { createKnownSubjects, isIn, type KnownSubject, mayName, needles } from './known-subject.ts';
import { createLogSlice } from './log-slice.ts';

export type SubjectWork = (slice: SubjectSlice) => SubjectFindings;

/** `names`: what the writer knows of the table of names, in which an erasure changes texts. */
export function createSubjectWork(
  database: Database,
  { tables, names }: { readonly tables: Tables; readonly names: Pick<Names, 'reset'> },
): SubjectWork {
  const knownOf = createKnownSubjects(database);
  const entities = createEntitySlice(database);
  const documents = createDocumentSlice(database);
  const erasing = {
    history: createHistorySlice(database, tables.rollups),
    rollup: createRollupSlice(database, tables.rollups),
    log: createLogSlice(database),
  };
  const eraseNames = createEraseNames(database, tables);
  return (slice) => {
    const { id, place, erases, after } = slice;
    const known = knownOf(id, after === undefined);
    if (place === 'entity') return entities(known, after);
    if (place === 'document') return documents(known, after);
    if (place !== 'rest') return erasing[place](known, slice);
    if (!erases) return { found: [] };
    if (after === undefined) {
      eraseNames(known);
      names.reset();
    }
    const next = overwriteFreePages(database, after === 'give' ? 'give' : 'take');
    return { found: [], ...(next === undefined ? undefined : { next }) };
  };
}

/** Erases the ids of entities that are not there any more, and the names that nothing uses since their instances are erased. */
function createEraseNames(database: Database, { subjects }: Tables): (known: KnownSubject) => void {
  const departed = database
    .prepare<object, string>(`SELECT id FROM departed WHERE ${mayName('id')} AND ${isIn('subject', 'own')}`)
    .pluck();
  const moved = database.prepare<object>(`DELETE FROM moved WHERE ${isIn('subject', 'own')}`);
  const unobserved = database.prepare<object>(`DELETE FROM unobserved WHERE ${isIn('subject', 'own')}`);
  // Names of types and attributes are no data: only datasets and rests of instances are renamed.
  const rename = database.prepare<object>(
    `UPDATE name SET text = 'urn:ngsi-ld:Erased:' || num WHERE ${isIn('num', 'texts')}
     AND num NOT IN (SELECT type FROM type_count) AND num NOT IN (SELECT name FROM attr_count)`,
  );
  return (known) => {
    moved.run({ own: known.own });
    unobserved.run({ own: known.own });
    rename.run({ texts: known.texts });
    for (const id of departed.all({ ...needles(known), own: known.own })) subjects.restore(id);
  };
}
