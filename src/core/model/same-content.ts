/** Whether two instances say the same: time stamps of the broker and expiry aside (clause 5.8.6 notifies of nothing else). */
import type { Attributes, Fragment, Fragments, Instance } from './attribute.ts';
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

function sameInstances(a: readonly (Instance | Fragment)[], b: readonly (Instance | Fragment)[]): boolean {
  return a.length === b.length && a.every((one) => b.some((other) => sameContent(one, other)));
}

/** As `sameContent`, and with the same times of expiry everywhere. */
export const sameInFull = (a: Instance | Fragment, b: Instance | Fragment): boolean =>
  sameContent(a, b) && sameExpiry(a, b);

function sameExpiry(a: Instance | Fragment, b: Instance | Fragment): boolean {
  if (a.expiresAt !== b.expiresAt) return false;
  const attrs: Attributes | Fragments = a.attrs ?? {};
  return Object.keys(attrs).every((name) =>
    (attrs[name] ?? []).every((one: Instance | Fragment) => {
      const others: readonly (Instance | Fragment)[] = b.attrs?.[name] ?? [];
      return others.some((other) => other.datasetId === one.datasetId && sameExpiry(one, other));
    }),
  );
}
