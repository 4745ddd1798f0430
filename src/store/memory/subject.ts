/** Finds what names a subject in a store in memory, and erases it. A slice is a whole place. */
import { type Named, namedBy } from '../../core/model/subject/named.ts';
import { redactChange, redactEntity, redactInstance, withoutNamed } from '../../core/model/subject/redact.ts';
import type { DocumentCollection } from '../../core/port/store.ts';
import type { SubjectFinding, SubjectFindings, SubjectSlice } from '../../core/port/subject.ts';
import type { Archive, Subject } from './archive.ts';
import type { Entities } from './entities.ts';
import type { ChangeLog } from './log.ts';

interface Parts {
  readonly archive: Archive;
  readonly log: ChangeLog;
  readonly entities: Entities;
  readonly collections: ReadonlyMap<string, DocumentCollection>;
}

export function createSubject(parts: Parts): (slice: SubjectSlice) => Promise<SubjectFindings> {
  const { archive, entities, collections } = parts;
  return async ({ id, place, erases }) => {
    const isNamed = namedBy(id);
    switch (place) {
      case 'entity':
        return { found: entitiesNaming(entities, isNamed) };
      case 'document':
        return { found: await documentsNaming(collections, isNamed) };
      case 'history':
        return { found: archive.subjects().flatMap((subject) => historyOf(subject, { archive, isNamed, erases })) };
      case 'rollup':
        return {
          found: archive
            .subjects()
            .filter((one) => isNamed(one.id))
            .flatMap(rollupsOf),
        };
      case 'log':
        return { found: recordsNaming(parts.log, isNamed, erases) };
      case 'rest':
        if (erases) removeGone(parts, isNamed);
        return { found: [] };
    }
  };
}

const entitiesNaming = (entities: Entities, isNamed: Named): readonly SubjectFinding[] =>
  entities
    .all()
    .filter(({ entity }) => isNamed(entity.id) || redactEntity(entity, isNamed) !== entity)
    .map(({ entity }) => ({ place: 'entity', entity }));

async function documentsNaming(collections: Parts['collections'], isNamed: Named): Promise<readonly SubjectFinding[]> {
  const found: SubjectFinding[] = [];
  for (const [name, collection] of collections)
    for (const { key, document } of await collection.list())
      if (isNamed(name) || isNamed(key) || withoutNamed(document, isNamed) !== document)
        found.push({ place: 'document', collection: name, key, document });
  return found;
}

interface Erasing {
  readonly archive: Archive;
  readonly isNamed: Named;
  readonly erases: boolean;
}

function historyOf({ id, series }: Subject, { archive, isNamed, erases }: Erasing): readonly SubjectFinding[] {
  const isOwn = isNamed(id);
  const found = [...series.values()].flatMap(({ name, entries }) =>
    entries
      .filter(({ instance }) => isOwn || redactInstance(instance, isNamed) !== instance)
      .map(({ instance }): SubjectFinding => ({ place: 'history', id, name, instance })),
  );
  if (erases) archive.rewrite(id, (instance) => (isOwn ? undefined : redactInstance(instance, isNamed)));
  return found;
}

/** Rollups of its own history go with the subject, at `rest`. */
const rollupsOf = ({ id, series }: Subject): readonly SubjectFinding[] =>
  [...series.values()].flatMap(({ name, datasetId, rollups }) =>
    rollups.map(
      (one): SubjectFinding => ({
        place: 'rollup',
        id,
        name,
        ...(datasetId === undefined ? undefined : { datasetId }),
        summaries: [one],
      }),
    ),
  );

function recordsNaming(log: ChangeLog, isNamed: Named, erases: boolean): readonly SubjectFinding[] {
  return [...log.records()].flatMap((record): readonly SubjectFinding[] => {
    const rest = redactChange(record, isNamed);
    if (rest === record) return [];
    if (erases) log.replace({ ...rest, position: record.position });
    return [{ place: 'log', record }];
  });
}

function removeGone({ archive, entities }: Parts, isNamed: Named): void {
  for (const { id } of archive.subjects()) if (isNamed(id) && !entities.get(id)) archive.remove(id);
}
