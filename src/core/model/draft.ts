/** Computes what the fragments of one request do to the attributes of one entity. */
import type { Attributes, Fragment, Fragments, Instance } from './attribute.ts';
import type { AttributeChange } from './change.ts';
import type { NotUpdated } from './mutation.ts';
import { byDataset } from './dataset.ts';
import { sameContent } from './same-content.ts';

/** The result of a rule for one fragment and the existing instance. */
type AttributeOutcome = { readonly write: Instance } | { readonly remove: true } | { readonly skip: string } | 'ignore';
export type Rule = (before: Instance | undefined, fragment: Fragment, name: string) => AttributeOutcome;

export interface Draft {
  readonly attrs: Attributes;
  readonly changes: readonly AttributeChange[];
  /** Expanded names of the attributes that were written or removed. */
  readonly updated: readonly string[];
  readonly notUpdated: readonly NotUpdated[];
  /** True when `attrs` differs from the attributes before in any way, expiry included. */
  readonly touched: boolean;
}

/** The attributes after the rule is applied to every fragment, in order. */
export function draftAttributes(attrs: Attributes, fragments: Fragments, rule: Rule): Draft {
  const after: Record<string, readonly Instance[]> = { ...attrs };
  const changes: AttributeChange[] = [];
  const updated: string[] = [];
  const notUpdated: NotUpdated[] = [];
  for (const [name, given] of Object.entries(fragments)) {
    const drafted = draftInstances(name, { present: after[name], given, rule });
    for (const reason of drafted.skipped) notUpdated.push({ attributeName: name, reason });
    if (!drafted.isTouched) continue;
    updated.push(name);
    for (const change of drafted.changes) changes.push(change);
    if (drafted.instances.length > 0) after[name] = drafted.instances;
    else delete after[name];
  }
  return { attrs: after, changes, updated, notUpdated, touched: updated.length > 0 };
}

interface Drafted {
  readonly instances: readonly Instance[];
  readonly changes: readonly AttributeChange[];
  /** The reasons of skipped fragments. */
  readonly skipped: readonly string[];
  readonly isTouched: boolean;
}

/** The instances of one attribute after its fragments are applied. */
function draftInstances(
  name: string,
  { present, given, rule }: { present: readonly Instance[] | undefined; given: readonly Fragment[]; rule: Rule },
): Drafted {
  const instances = byDataset(present);
  const changes: AttributeChange[] = [];
  const skipped: string[] = [];
  let isTouched = false;
  for (const fragment of given) {
    const before = instances.get(fragment.datasetId);
    const verdict = rule(before, fragment, name);
    if (verdict === 'ignore') continue;
    if ('skip' in verdict) {
      skipped.push(verdict.skip);
      continue;
    }
    isTouched = true;
    const next = 'write' in verdict ? verdict.write : undefined;
    changes.push(...changeOf(name, before, next));
    if (next) instances.set(fragment.datasetId, next);
    else instances.delete(fragment.datasetId);
  }
  return { instances: [...instances.values()], changes, skipped, isTouched };
}

/** The change from one instance to the next. It is empty when only the expiry differs (clause 4.22 keeps that out of history). */
export function changeOf(
  name: string,
  before: Instance | undefined,
  after: Instance | undefined,
): readonly AttributeChange[] {
  const instance = after ?? before;
  if (!instance) return [];
  const place = { name, ...(instance.datasetId === undefined ? undefined : { datasetId: instance.datasetId }) };
  if (!before) return after ? [{ ...place, event: 'created', after }] : [];
  if (!after) return [{ ...place, event: 'deleted', before }];
  if (!sameContent(before, after)) return [{ ...place, event: 'updated', before, after }];
  return before.expiresAt === after.expiresAt ? [{ ...place, event: 'rewritten', after }] : [];
}

/** A deletion for every instance of these attributes. */
export const deletionsOf = (attrs: Attributes): readonly AttributeChange[] =>
  Object.entries(attrs).flatMap(([name, instances]) =>
    instances.flatMap((instance) => changeOf(name, instance, undefined)),
  );
