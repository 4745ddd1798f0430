/** Deep merge of a fragment into an instance (CIM 009 clause 5.5.12): RFC 7396 with the NGSI-LD Null for null. */
import { type Attributes, type Fragment, type Fragments, type Instance, mayHave, ngsildNull } from './attribute.ts';
import { isArray, isObject, isStrings, type Json, type JsonObject, stringsOf } from './json.ts';
import type { MergeOptions } from './mutation.ts';
import { badData } from './problem.ts';
import { isUri } from './read/id.ts';
import { instanceOf, type Stamp, stampInstance } from './stamp.ts';
import { sameContent } from './same-content.ts';

const metadata = [
  'observedAt',
  'unitCode',
  'objectType',
  'valueType',
  'expiresAt',
  'entityIdSealed',
  'entityTypeSealed',
] as const;

/** The instance after the merge. The fragment may hold any part of it. */
export function mergeInstance(
  before: Instance,
  fragment: Fragment,
  { stamp, options }: { stamp: Stamp; options: MergeOptions },
): Instance {
  const content = mergedContent(before, adapted(before, fragment, options), options);
  const createdAt = before.createdAt ?? stamp.ownerCreatedAt;
  const attrs = mergeAttributes(before.attrs, fragment.attrs, { at: stamp.at, ownerCreatedAt: createdAt });
  return {
    ...content,
    ...(before.createdAt === undefined ? undefined : { createdAt }),
    ...(stamp.at === createdAt ? undefined : { modifiedAt: stamp.at }),
    ...(attrs ? { attrs } : undefined),
  };
}

/** Members given overwrite, `ngsildNull` removes, the rest stays; values that are objects are merged. */
function mergedContent(before: Instance, fragment: Fragment, options: MergeOptions): Instance {
  const kind = fragment.kind ?? before.kind;
  const value =
    fragment.value === undefined
      ? before.value
      : mergedValue(kind === before.kind ? before : undefined, kind, fragment.value);
  const given = withDefaultTime(before, fragment, options);
  refuseUnfit(kind, given);
  const present = kind === before.kind ? before : withoutValueMetadata(before);
  const members = metadata.map((member) => [member, given[member] ?? present[member]] as const);
  const kept: Partial<Instance> = Object.fromEntries(
    members.filter(([, text]) => text !== undefined && text !== ngsildNull),
  );
  return { kind, value, ...(before.datasetId === undefined ? undefined : { datasetId: before.datasetId }), ...kept };
}

const ofValue = ['unitCode', 'objectType', 'valueType'] as const;

/** A fragment that does not tell its kind could not be refused when it was read. */
function refuseUnfit(kind: Instance['kind'], given: Fragment): void {
  const unfit = ofValue.find((member) => !mayHave(kind, member) && (given[member] ?? ngsildNull) !== ngsildNull);
  if (unfit !== undefined) throw badData(`A ${kind} cannot have ${unfit}.`);
}

/** What an instance says beside its value, when its value becomes one of another kind. */
const withoutValueMetadata = ({ unitCode: _, objectType: __, valueType: ___, ...rest }: Instance): Instance => rest;

const withDefaultTime = (before: Instance, fragment: Fragment, options: MergeOptions): Fragment =>
  options.observedAt !== undefined && before.observedAt !== undefined && fragment.observedAt === undefined
    ? { ...fragment, observedAt: options.observedAt }
    : fragment;

/** Geometries and lists are replaced whole; objects are merged member by member. */
const mergedValue = (before: Instance | undefined, kind: Instance['kind'], value: Json): Json =>
  before && kind !== 'GeoProperty' ? mergeJson(before.value, value) : withoutNulls(value);

/** RFC 7396 with `ngsildNull` for null. Arrays are replaced whole. */
function mergeJson(before: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged: Record<string, Json> = { ...(isObject(before) ? before : {}) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === ngsildNull) delete merged[name];
    else define(merged, name, mergeJson(merged[name] ?? null, value));
  }
  return merged;
}

/** A fragment that merge adds: its value has nothing to delete from. */
export const withoutNullsInside = (fragment: Fragment): Fragment =>
  fragment.value === undefined ? fragment : { ...fragment, value: withoutNulls(fragment.value) };

/** What stays of a value that meets nothing to merge with: members that ask for a deletion are dropped. */
function withoutNulls(value: Json): Json {
  if (isArray(value) || !isObject(value)) return value;
  const kept: JsonObject = Object.fromEntries(Object.entries(value).filter(([, member]) => member !== ngsildNull));
  return Object.fromEntries(Object.entries(kept).map(([name, member]) => [name, withoutNulls(member)]));
}

/** Assignment that also works for a member named `__proto__`. */
const define = (target: Record<string, Json>, name: string, value: Json): void =>
  void Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });

/** Sub-attributes after the merge; undefined when none are left. */
function mergeAttributes(
  before: Attributes | undefined,
  fragments: Fragments | undefined,
  stamp: Stamp,
): Attributes | undefined {
  if (!fragments) return before;
  const merged: Record<string, readonly Instance[]> = { ...before };
  for (const [name, instances] of Object.entries(fragments)) {
    const next = instances.reduce((kept, fragment) => mergeInto(kept, fragment, stamp), merged[name] ?? []);
    if (next.length > 0) merged[name] = next;
    else delete merged[name];
  }
  return Object.keys(merged).length > 0 ? merged : undefined;
}

function mergeInto(instances: readonly Instance[], fragment: Fragment, stamp: Stamp): readonly Instance[] {
  const before = instanceOf(instances, fragment.datasetId);
  const others = instances.filter((instance) => instance !== before);
  if (fragment.value === ngsildNull) return others;
  if (!before) return [...others, stampInstance(withoutNullsInside(fragment), undefined, stamp)];
  const merged = mergeInstance(before, fragment, { stamp, options: {} });
  return instances.map((instance) =>
    instance === before ? (sameContent(before, merged) ? before : merged) : instance,
  );
}

/** A fragment in simplified form, or a bare string for one language, made to fit the kind that is there (clause 5.6.17). */
function adapted(before: Instance, fragment: Fragment, options: MergeOptions): Fragment {
  const { kind, value } = fragment;
  if (value === undefined || kind === before.kind) return fragment;
  if (before.kind === 'LanguageProperty' && options.lang !== undefined && typeof value === 'string') {
    return { ...fragment, kind: before.kind, value: { [options.lang]: value } };
  }
  if (options.simplified !== true) return fragment;
  if (!fitsKind(before.kind, kind, value))
    throw badData(`A value in simplified form cannot change an attribute of kind ${before.kind}.`);
  return { ...fragment, kind: before.kind };
}

/** Whether a value that was read as one kind can be the value of the kind that is there: only wrapped ones tell theirs for sure. */
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
    default:
      return false;
  }
}

const areUris = (value: string | readonly string[]): boolean =>
  stringsOf(value).every((uri) => isUri(uri) && uri !== ngsildNull);
