/**
 * Compares the content of two instances. Ignores time stamps of the broker and expiry, because these trigger no notification (clause
 * 5.8.6).
 */
import type { Attributes, Fragment, Fragments, Instance } from './attribute.ts';
import { instanceOf } from './dataset.ts';
import { sameJson } from './json.ts';

const members = [
  'kind',
  'datasetId',
  'observedAt',
  'unitCode',
  'valueType',
  'entityIdSealed',
  'entityTypeSealed',
] as const;

/** True when both have the same kind, value, metadata and sub-attributes. */
export function sameContent(a: Instance | Fragment, b: Instance | Fragment): boolean {
  if (!members.every((member) => a[member] === b[member])) return false;
  if (!sameJson(a.objectType, b.objectType) || !sameJson(a.value, b.value)) return false;
  return sameAttributes(a.attrs ?? {}, b.attrs ?? {});
}

function sameAttributes(a: Attributes | Fragments, b: Attributes | Fragments): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => sameInstances(a[name] ?? [], b[name] ?? []));
}

/** Instances differ in `datasetId`, so each instance is compared with the single instance that has the same `datasetId`. */
const sameInstances = (a: readonly (Instance | Fragment)[], b: readonly (Instance | Fragment)[]): boolean =>
  a.length === b.length && a.every((one) => holdsFor(instanceOf(b, one.datasetId), (other) => sameContent(one, other)));

const holdsFor = <T>(found: T | undefined, test: (found: T) => boolean): boolean => found !== undefined && test(found);

/** Like `sameContent`, and all expiry times are the same too. */
export const sameInFull = (a: Instance | Fragment, b: Instance | Fragment): boolean =>
  sameContent(a, b) && sameExpiry(a, b);

function sameExpiry(a: Instance | Fragment, b: Instance | Fragment): boolean {
  if (a.expiresAt !== b.expiresAt) return false;
  const attrs: Attributes | Fragments = a.attrs ?? {};
  return Object.keys(attrs).every((name) =>
    (attrs[name] ?? []).every((one: Instance | Fragment) => {
      const others: readonly (Instance | Fragment)[] = b.attrs?.[name] ?? [];
      return holdsFor(instanceOf(others, one.datasetId), (other) => sameExpiry(one, other));
    }),
  );
}
