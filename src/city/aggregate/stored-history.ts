/**
 * Stores release histories in the tenant of the source. Each has a head, its subjects in parts, and one document for each release, which is
 * what counts: until it is written, nothing of the release is published.
 */
import { randomBytes } from 'node:crypto';
import type { Interval, Micros } from '../../core/model/instant.ts';
import { isArray, isObject, type Json, type JsonObject, sameJson } from '../../core/model/json.ts';
import { Problem } from '../../core/model/problem.ts';
import type { LeaseTerm } from '../../core/port/partitions.ts';
import type { Store } from '../../core/port/store.ts';
import { jsonOf } from './json-of.ts';
import { readHead, readPastRelease, readSubjects } from './protection/read-release-history.ts';
import {
  createReleaseHistory,
  type HistoryHead,
  type PastRelease,
  type ReleaseHistory,
} from './protection/release-history.ts';

/** The collections of heads by attribute, of parts by attribute and first letter of the pseudonyms, and of releases by `keyOf`. */
const headsCollection = 'aggregate-release-histories';
const subjectsCollection = 'aggregate-subjects';
const releasesCollection = 'aggregate-releases';

/** Most releases that a release history remembers. */
const releasesMax = 2000;

/** The part that a pseudonym is in: one of 64. */
export const partOf = (attribute: string, pseudonym: string): string => `${attribute} ${pseudonym.slice(0, 1)}`;

/** A history as it is stored, with those releases that a new one must be compared with. */
export interface OpenHistory {
  readonly attribute: string;
  readonly history: ReleaseHistory;
  /** The documents that were read. */
  readonly head: Json | undefined;
  readonly parts: ReadonlyMap<string, Json>;
  /** The keys of all releases, the one that ends first before the others. */
  readonly keys: readonly string[];
}

/** Reads what concerns a period. Throws an Error when it cannot be read: then nothing may be published. */
export async function openHistory(store: Store, attribute: string, period: Interval): Promise<OpenHistory> {
  const head = await headOf(store, attribute);
  const known = head === undefined ? createReleaseHistory(randomBytes(16).toString('base64url')) : readHead(head);
  const parts = await partsOf(store, attribute);
  const keys = await keysOf(store, attribute);
  const releases: PastRelease[] = [];
  for (const key of keys) {
    const { from, to } = readKey(key);
    if (from >= period.to || to <= period.from) continue;
    const document = await store.collection(releasesCollection).get(key);
    if (isObject(document)) releases.push(readPastRelease(document['release']));
  }
  const subjects = Object.fromEntries([...parts.values()].flatMap((part) => Object.entries(readSubjects(part))));
  return { attribute, head, parts, keys, history: { ...known, subjects, releases } };
}

/** The head. A history that an earlier version stored in one document is divided first. */
async function headOf(store: Store, attribute: string): Promise<Json | undefined> {
  const collection = store.collection(headsCollection);
  const head = await collection.get(attribute);
  if (!isObject(head) || !isObject(head['history'])) return head;
  await divide(store, attribute, { whole: head['history'], pending: head['pending'] });
  const { subjects: _subjects, releases: _releases, ...own } = head['history'];
  await collection.replace(attribute, head, own);
  return collection.get(attribute);
}

interface WholeHistory {
  readonly whole: JsonObject;
  /** The reports that are perhaps not yet published, by job. */
  readonly pending: Json | undefined;
}

async function divide(store: Store, attribute: string, { whole, pending }: WholeHistory): Promise<void> {
  const { subjects = {}, releases } = whole;
  for (const [key, part] of partsIn(attribute, readSubjects(subjects)))
    await store.collection(subjectsCollection).put(key, part);
  const all = (isArray(releases) ? releases : []).map(readPastRelease);
  for (const release of all) {
    const isLast = all.findLast(({ job }) => job === release.job) === release;
    const report = isLast && isObject(pending) ? pending[release.job] : undefined;
    await store.collection(releasesCollection).put(keyOf(attribute, release), jsonOf({ release, report }));
  }
}

async function partsOf(store: Store, attribute: string): Promise<ReadonlyMap<string, Json>> {
  const collection = store.collection(subjectsCollection);
  const parts = new Map<string, Json>();
  for (const key of await collection.keys()) {
    if (!key.startsWith(`${attribute} `)) continue;
    const part = await collection.get(key);
    if (part !== undefined) parts.set(key, part);
  }
  return parts;
}

const keysOf = async (store: Store, attribute: string): Promise<readonly string[]> =>
  (await store.collection(releasesCollection).keys()).filter((key) => key.startsWith(`${attribute} `));

/** Keys of later ends are greater. */
const digits = 18;
const padded = (micros: Micros): string => String(10n ** BigInt(digits - 1) + BigInt(micros)).padStart(digits, '0');

const keyOf = (attribute: string, { job, from, to }: Pick<PastRelease, 'job' | 'from' | 'to'>): string =>
  `${attribute} ${padded(to)} ${padded(from)} ${job}`;

function readKey(key: string): Pick<PastRelease, 'job' | 'from' | 'to'> {
  const [, to = '', from = '', ...job] = key.split(' ');
  const micros = (text: string): Micros => Number(BigInt(text) - 10n ** BigInt(digits - 1));
  return { job: job.join(' '), from: micros(from), to: micros(to) };
}

/** The end of the last period that the job has released. Undefined: there is none. */
export function releasedTo({ keys }: Pick<OpenHistory, 'keys'>, job: string): Micros | undefined {
  const last = keys.findLast((key) => readKey(key).job === job);
  return last === undefined ? undefined : readKey(last).to;
}

/** A release, and what is to be published of it. */
export interface NewRelease {
  /** The history with the release as its last one. */
  readonly history: ReleaseHistory;
  readonly report: JsonObject;
  readonly lease: LeaseTerm;
}

/**
 * Stores a release. After a crash in the middle there are numbers of atoms that nobody uses, and subjects as if they had been published, which
 * is harmless; the period is released again. Throws Conflict when another broker has written meanwhile.
 */
export async function putRelease(store: Store, opened: OpenHistory, { history, report, lease }: NewRelease) {
  const { attribute, keys } = opened;
  const release = history.releases.at(-1);
  if (!release) return;
  const forgotten = keys.slice(0, Math.max(0, keys.length + 1 - releasesMax));
  const forgottenTo = forgotten.reduce((latest, key) => Math.max(latest, readKey(key).to), history.forgottenTo);
  await putHead(store, opened, { ...history, forgottenTo });
  const changed = [...partsIn(attribute, history.subjects)].filter(([key, part]) => {
    const before = opened.parts.get(key);
    return before === undefined || !sameJson(before, part);
  });
  for (const [key, document] of changed)
    await putOrThrow(store.collection(subjectsCollection).putFenced([{ key, document }], lease));
  const document = jsonOf({ release, report });
  await putOrThrow(
    store.collection(releasesCollection).putFenced([{ key: keyOf(attribute, release), document }], lease),
  );
  for (const key of forgotten) await store.collection(releasesCollection).delete(key);
}

const anotherBroker = (): Problem => new Problem('Conflict', 'Another broker on the same store releases aggregates.');

async function putOrThrow(put: Promise<boolean>): Promise<void> {
  if (!(await put)) throw anotherBroker();
}

/** The turn lets only one of two releases that began with the same head go on. */
async function putHead(store: Store, { attribute, head }: OpenHistory, next: HistoryHead): Promise<void> {
  const { salt, lastAtom, parents, forgottenTo } = next;
  const turn = isObject(head) && typeof head['turn'] === 'number' ? head['turn'] : 0;
  const after = jsonOf({ salt, lastAtom, parents, forgottenTo, turn: turn + 1 });
  await putOrThrow(store.collection(headsCollection).replace(attribute, head, after));
}

/** Subjects never leave a history, so no part loses its last one. */
function partsIn(attribute: string, subjects: ReleaseHistory['subjects']): ReadonlyMap<string, Json> {
  const byPart = Map.groupBy(Object.entries(subjects), ([pseudonym]) => partOf(attribute, pseudonym));
  return new Map([...byPart].map(([key, entries]) => [key, jsonOf(Object.fromEntries(entries))]));
}

/** A report that is in the history and perhaps not yet published. */
export interface PendingReport {
  readonly key: string;
  readonly report: JsonObject;
}

/** That of the last release of the job. */
export async function pendingReport(store: Store, attribute: string, job: string): Promise<PendingReport | undefined> {
  const key = (await keysOf(store, attribute)).findLast((one) => readKey(one).job === job);
  const document = key === undefined ? undefined : await store.collection(releasesCollection).get(key);
  const report = isObject(document) ? document['report'] : undefined;
  return key !== undefined && isObject(report) ? { key, report } : undefined;
}

/** Notes that the report was published. */
export async function settle(store: Store, { key }: PendingReport): Promise<void> {
  const collection = store.collection(releasesCollection);
  const document = await collection.get(key);
  if (!isObject(document)) return;
  const { report: _published, ...rest } = document;
  await collection.replace(key, document, rest);
}

/** The attributes that have a history. */
export const attributesWithHistory = (store: Store): Promise<readonly string[]> =>
  store.collection(headsCollection).keys();

/** The key of the pseudonyms of an attribute. Undefined: it has no history. */
export async function saltOf(store: Store, attribute: string): Promise<string | undefined> {
  const head = await store.collection(headsCollection).get(attribute);
  return isObject(head) && typeof head['salt'] === 'string' ? head['salt'] : undefined;
}

/** Changes the part of a pseudonym. `change` returns the same part when nothing is to be changed. */
export async function changePart(store: Store, key: string, change: (part: JsonObject) => JsonObject): Promise<void> {
  const collection = store.collection(subjectsCollection);
  for (;;) {
    const before = await collection.get(key);
    if (!isObject(before)) return;
    const after = change(before);
    if (after === before || (await collection.replace(key, before, after))) return;
  }
}

/** What is known of a subject by its pseudonym. */
export async function subjectIn(store: Store, key: string, pseudonym: string): Promise<Json | undefined> {
  const part = await store.collection(subjectsCollection).get(key);
  return isObject(part) && Object.hasOwn(part, pseudonym) ? part[pseudonym] : undefined;
}
