/** Finds everything that names a subject: in entities, histories, the change log, documents, snapshots and the audit. */
import { registrationCollectionOf } from '../../federation/registration-store.ts';
import { registrationCollection } from '../../federation/registration.ts';
import { sourceCollectionOf } from '../../federation/source-store.ts';
import { auditLineJson, auditTimeOf } from '../../model/audit-line.ts';
import { instantOf } from '../../model/instant.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { grantCollection } from '../../access/grant-document.ts';
import { subscriptionCollection } from '../../port/subscriptions.ts';
import type { SubjectFinding, SubjectPlace, SubjectSlice } from '../../port/subject.ts';
import type { Store } from '../../port/store.ts';
import { changeText, documentText, entityText, instanceText } from './finding-text.ts';
import { snapshotCollection, type SubjectContext, storesOf } from './subject-context.ts';

/** Where something was found, as reports and exports name it. */
export const reportPlaces = [
  'entity',
  'reference',
  'instance',
  'rollup',
  'change',
  'subscription',
  'registration',
  'deadLetter',
  'snapshot',
  'document',
  'auditLine',
] as const;
export type ReportPlace = (typeof reportPlaces)[number];

/** Something that names the subject. `snapshot`: it is in the copy of this snapshot. */
export interface Found {
  readonly place: ReportPlace;
  readonly snapshot?: string;
  /** What it is, for an export. */
  readonly data: JsonObject;
}

/** All findings of one place of a store. With `erases`, they are erased, as far as the store does that. */
export async function* findIn(store: Store, wanted: Omit<SubjectSlice, 'after'>): AsyncGenerator<SubjectFinding> {
  for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
    const { found, next } = await store.subject({ ...wanted, ...(after === undefined ? undefined : { after }) });
    yield* found;
    after = next;
  }
}

const places: readonly SubjectPlace[] = ['entity', 'history', 'rollup', 'log', 'document'];

/** Everything that names the subject. It is read while the findings are taken. */
export async function* findAll(context: SubjectContext): AsyncGenerator<Found> {
  const { id } = context;
  for (const { store, snapshot } of await storesOf(context)) {
    const where = snapshot === undefined ? undefined : { snapshot };
    for (const place of places)
      for await (const finding of findIn(store, { id, place, erases: false }))
        yield { ...foundOf(finding, context), ...where };
  }
  for (const data of (await context.services.subjectPseudonyms?.find(context.store, id)) ?? [])
    yield { place: 'document', data };
  yield* findInAudit(context, false);
}

/** The lines of the audit that name the subject, as they are before they are erased. */
export async function* findInAudit({ id, tenant, services }: SubjectContext, erases: boolean): AsyncGenerator<Found> {
  await services.audit?.flush();
  for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
    const slice = { tenant, id, erases, ...(after === undefined ? undefined : { after }) };
    const { lines, next } = await services.stores.audit.subject(slice);
    for (const line of lines) yield { place: 'auditLine', data: { at: auditTimeOf(line.id), ...auditLineJson(line) } };
    after = next;
  }
}

function foundOf(finding: SubjectFinding, { isNamed }: SubjectContext): Found {
  switch (finding.place) {
    case 'entity': {
      const { entity } = finding;
      return isNamed(entity.id)
        ? { place: 'entity', data: entityText(entity) }
        : { place: 'reference', data: entityText(entity, isNamed) };
    }
    case 'history':
      return {
        place: 'instance',
        data: { id: finding.id, attribute: finding.name, ...instanceText(finding.instance) },
      };
    case 'rollup':
      return { place: 'rollup', data: rollupText(finding) };
    case 'log':
      return { place: 'change', data: changeText(finding.record) };
    case 'document': {
      const { collection, key, document } = finding;
      return { place: placeOf(collection), data: { collection, key, document: documentText(collection, document) } };
    }
  }
}

function rollupText(finding: Extract<SubjectFinding, { place: 'rollup' }>): JsonObject {
  const { id, name, datasetId, summaries } = finding;
  return {
    id,
    attribute: name,
    ...(datasetId === undefined ? undefined : { datasetId }),
    summaries: summaries.map(
      ({ count, sum, least, most, first, last }): Json => ({
        ...{ count, sum, min: least, max: most },
        ...{ from: instantOf(first), to: instantOf(last) },
      }),
    ),
  };
}

const ofCollection: Readonly<Record<string, ReportPlace>> = {
  [subscriptionCollection]: 'subscription',
  [registrationCollectionOf(subscriptionCollection)]: 'subscription',
  [sourceCollectionOf(subscriptionCollection)]: 'subscription',
  [registrationCollection]: 'registration',
  [snapshotCollection]: 'snapshot',
};

const placeOf = (collection: string): ReportPlace =>
  ofCollection[collection] ?? (deadLetters.test(collection) ? 'deadLetter' : 'document');

/** The collections of dead letters, of subscriptions to entities and to registrations. */
export const deadLetters = /^(?:registrations\/)?deadLetters /;

/** The collection of grants: they are kept in the default tenant. */
export const isOfGrants = (collection: string): boolean => collection === grantCollection;
