/**
 * Reads release histories from their stored documents. All functions throw an Error when a document is none: then nothing may be published,
 * because nobody knows what was.
 */
import { isArray, isObject, type Json, type JsonObject } from '../../../core/model/json.ts';
import type { HistoryHead, JobStatus, PastRelease, PublishedSubject, ReleaseHistory } from './release-history.ts';

export function readHead(document: Json): HistoryHead {
  const { salt, lastAtom, parents, forgottenTo } = objectIn(document);
  if (typeof salt !== 'string') throw unreadableHistory();
  return {
    salt,
    lastAtom: numberIn(lastAtom),
    parents: mapped(parents, numberIn),
    forgottenTo: numberIn(forgottenTo),
  };
}

/** Subjects by their pseudonyms. */
export const readSubjects = (document: Json): ReleaseHistory['subjects'] => mapped(document, readSubject);

const unreadableHistory = (): Error => new Error('The history of published aggregates cannot be read.');

function readSubject(json: Json): PublishedSubject {
  const { atom, jobs } = objectIn(json);
  return { atom: numberIn(atom), jobs: mapped(jobs, readStatus) };
}

function readStatus(json: Json): JobStatus {
  const { cell, usual, missed } = objectIn(json);
  if (typeof cell !== 'string') throw unreadableHistory();
  return { cell, usual: numberIn(usual), missed: numberIn(missed) };
}

export function readPastRelease(json: Json | undefined): PastRelease {
  const { job, from, to, published, withheld } = objectIn(json);
  if (typeof job !== 'string') throw unreadableHistory();
  const sets = (value: Json | undefined): PastRelease['published'] =>
    listIn(value).map((set) => listIn(set).map(numberIn));
  return { job, from: numberIn(from), to: numberIn(to), published: sets(published), withheld: sets(withheld) };
}

function objectIn(json: Json | undefined): JsonObject {
  if (!isObject(json)) throw unreadableHistory();
  return json;
}

function listIn(json: Json | undefined): readonly Json[] {
  if (!isArray(json)) throw unreadableHistory();
  return json;
}

function numberIn(json: Json | undefined): number {
  if (typeof json !== 'number') throw unreadableHistory();
  return json;
}

const mapped = <Value>(json: Json | undefined, read: (value: Json) => Value): Readonly<Record<string, Value>> =>
  Object.fromEntries(Object.entries(objectIn(json)).map(([name, value]) => [name, read(value)]));
