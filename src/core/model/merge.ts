/** Merges a fragment into an instance, at all levels (CIM 009 clause 5.5.12): RFC 7396 with the NGSI-LD Null for null. */
import { type Attributes, type Fragment, type Fragments, type Instance, mayHave, ngsildNull } from './attribute.ts';
import { byDataset } from './dataset.ts';
import { readGeometry } from './geometry.ts';
import { isArray, isObject, isStrings, type Json, type JsonObject, stringsOf } from './json.ts';
import type { MergeOptions } from './mutation.ts';
import { badData } from './problem.ts';
import { isUri } from './read/id.ts';
import { refuseWrongKind } from './read/kind.ts';
import { readGeo } from './read/value.ts';
import { sameInFull } from './same-content.ts';
import { type Stamp, stampInstance } from './stamp.ts';
import { resolveFragment } from './ambiguous-fragment.ts';

const metadata = [
  'observedAt',
  'unitCode',
  'objectType',
  'valueType',
  'expiresAt',
  'entityIdSealed',
  'entityTypeSealed',
] as const;

/** The parameters of a merge. `where` names the attribute in error messages. */
export interface Merging {
  readonly stamp: Stamp;
  readonly options: MergeOptions;
  readonly where: string;
}

/** The instance after the merge. The fragment can contain any part of it. Throws BadRequestData when the kinds differ. */
export function mergeInstance(before: Instance, fragment: Fragment, { stamp, options, where }: Merging): Instance {
  const part = adapted(before, resolveFragment(fragment, before, where), { options, where });
  const content = mergedContent(before, part, { options, where });
  const createdAt = before.createdAt ?? stamp.ownerCreatedAt;
  const inner = { stamp: { at: stamp.at, ownerCreatedAt: createdAt }, options: {}, where };
  const attrs = mergeAttributes(before.attrs, part.attrs, inner);
  return {
    ...content,
    ...(before.createdAt === undefined ? undefined : { createdAt }),
    ...(stamp.at === createdAt ? undefined : { modifiedAt: stamp.at }),
    ...(attrs ? { attrs } : undefined),
  };
}

/** An instance that a merge adds: there is nothing to delete from. Throws BadRequestData when kind or value is missing. */
export const addedInstance = (fragment: Fragment, { stamp, where }: Pick<Merging, 'stamp' | 'where'>): Instance =>
  stampInstance(added(fragment, where), undefined, stamp);

function added(fragment: Fragment, where: string): Fragment {
  const { isInferred: _, attrs, ...members } = resolveFragment(fragment, undefined, where);
  refuseWrongKind(where, members.kind);
  return {
    ...members,
    ...(members.value === undefined ? undefined : { value: addedValue(members.kind, members.value, where) }),
    ...(attrs ? { attrs: addedAttributes(attrs, where) } : undefined),
  };
}

const addedValue = (kind: Fragment['kind'], value: Json, where: string): Json =>
  kind === 'GeoProperty' ? readGeometry(withoutNulls(value), `value of ${where}`) : withoutNulls(value);

const addedAttributes = (fragments: Fragments, where: string): Fragments =>
  Object.fromEntries(
    Object.entries(fragments).map(([name, instances]) => [
      name,
      instances.map((one) => (one.value === ngsildNull ? one : added(one, `${where}.${name}`))),
    ]),
  );

/** Given members overwrite, `ngsildNull` removes, other members stay. Object values are merged. */
function mergedContent(before: Instance, fragment: Fragment, { options, where }: Omit<Merging, 'stamp'>): Instance {
  const { kind } = before;
  const value = fragment.value === undefined ? before.value : mergedValue(before, fragment.value, where);
  const given = withDefaultTime(before, fragment, options);
  refuseUnfit(kind, given, where);
  const members = metadata.map((member) => [member, given[member] ?? before[member]] as const);
  const kept: Partial<Instance> = Object.fromEntries(
    members.filter(([, text]) => text !== undefined && text !== ngsildNull),
  );
  return { kind, value, ...(before.datasetId === undefined ? undefined : { datasetId: before.datasetId }), ...kept };
}

const ofValue = ['unitCode', 'objectType', 'valueType'] as const;

/** The reader cannot refuse these members when the fragment does not give its kind. */
function refuseUnfit(kind: Instance['kind'], given: Fragment, where: string): void {
  const unfit = ofValue.find((member) => !mayHave(kind, member) && (given[member] ?? ngsildNull) !== ngsildNull);
  if (unfit !== undefined) throw badData(`The ${kind} ${where} cannot have ${unfit}.`);
}

const withDefaultTime = (before: Instance, fragment: Fragment, options: MergeOptions): Fragment =>
  options.observedAt !== undefined && before.observedAt !== undefined && fragment.observedAt === undefined
    ? { ...fragment, observedAt: options.observedAt }
    : fragment;

/** Merges objects member by member and replaces lists. The result of merging a geometry must be a complete geometry. */
function mergedValue({ kind, value: present }: Instance, value: Json, where: string): Json {
  if (kind !== 'GeoProperty') return mergeJson(present, value);
  const isPart = isObject(value) && ('type' in value || 'coordinates' in value);
  return readGeo(isPart ? mergeJson(present, value) : value, `value of ${where}`);
}

/** RFC 7396 with `ngsildNull` for null. Replaces arrays and typed values (JSON-LD's `@value`) as a whole. */
function mergeJson(before: Json, patch: Json): Json {
  if (!isObject(patch) || isTyped(patch)) return patch;
  const merged: Record<string, Json> = { ...(isObject(before) && !isTyped(before) ? before : {}) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === ngsildNull) delete merged[name];
    else define(merged, name, mergeJson(merged[name] ?? null, value));
  }
  return merged;
}

const isTyped = (value: JsonObject): boolean => '@value' in value;

/** A value that has no counterpart to merge with, without the members that request a deletion. */
function withoutNulls(value: Json): Json {
  if (!isObject(value) || isTyped(value)) return value;
  const kept: JsonObject = Object.fromEntries(Object.entries(value).filter(([, member]) => member !== ngsildNull));
  return Object.fromEntries(Object.entries(kept).map(([name, member]) => [name, withoutNulls(member)]));
}

/** Assignment that also works for a member named `__proto__`. */
const define = (target: Record<string, Json>, name: string, value: Json): void =>
  void Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });

/** The sub-attributes after the merge; undefined when none are left. */
function mergeAttributes(
  before: Attributes | undefined,
  fragments: Fragments | undefined,
  merging: Merging,
): Attributes | undefined {
  if (!fragments) return before;
  const merged: Record<string, readonly Instance[]> = { ...before };
  for (const [name, instances] of Object.entries(fragments)) {
    const inner = { ...merging, where: `${merging.where}.${name}` };
    const next = byDataset(merged[name]);
    for (const fragment of instances) mergeInto(next, fragment, inner);
    if (next.size > 0) merged[name] = [...next.values()];
    else delete merged[name];
  }
  return Object.keys(merged).length > 0 ? merged : undefined;
}

function mergeInto(instances: Map<string | undefined, Instance>, fragment: Fragment, merging: Merging): void {
  const { datasetId, value } = fragment;
  if (value === ngsildNull) return void instances.delete(datasetId);
  const before = instances.get(datasetId);
  const merged = before ? mergeInstance(before, fragment, merging) : addedInstance(fragment, merging);
  if (!before || !sameInFull(before, merged)) instances.set(datasetId, merged);
}

/** The fragment with the kind of the existing instance. Throws BadRequestData when the kind differs and the value cannot be converted. */
function adapted(before: Instance, fragment: Fragment, { options, where }: Omit<Merging, 'stamp'>): Fragment {
  const { kind = before.kind } = fragment;
  if (kind === before.kind) return fragment;
  const value = fittingValue(before.kind, fragment, options);
  if (value !== undefined) return { ...fragment, kind: before.kind, value };
  throw badData(
    options.simplified === true
      ? `The value of ${where} does not fit a ${before.kind}, which it is.`
      : `The attribute ${where} is a ${before.kind}; a merge cannot make it a ${kind}.`,
  );
}

/**
 * Converts a value of another kind to the existing kind: a string for one language, a part of a geometry, or a value whose kind the
 * simplified form does not identify (clause 5.6.17). Undefined when it cannot be converted.
 */
function fittingValue(
  present: Instance['kind'],
  { kind, value, isInferred }: Fragment,
  { lang, simplified }: MergeOptions,
): Json | undefined {
  if (value === undefined) return undefined;
  if (present === 'LanguageProperty' && lang !== undefined && typeof value === 'string') return { [lang]: value };
  const isFitting = present === 'GeoProperty' && isInferred === true;
  return isFitting || (simplified === true && fitsKind(present, kind, value)) ? value : undefined;
}

/** True when a value that was read as one kind can be a value of the existing kind. Only wrapped values identify their kind for certain. */
function fitsKind(present: Instance['kind'], read: Fragment['kind'], value: Json): boolean {
  if (present === 'Property') return read === 'GeoProperty';
  if (read !== 'Property') return false;
  switch (present) {
    case 'Relationship':
      return typeof value === 'string' ? areUris(value) : isStrings(value) && value.length > 0 && areUris(value);
    case 'ListRelationship':
      return isStrings(value) && areUris(value);
    case 'ListProperty':
      return isArray(value);
    case 'GeoProperty':
      return isObject(value);
    default:
      return false;
  }
}

const areUris = (value: string | readonly string[]): boolean =>
  stringsOf(value).every((uri) => isUri(uri) && uri !== ngsildNull);
