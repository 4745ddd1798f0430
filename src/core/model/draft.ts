/** Collects what the fragments of one request do to the attributes of one entity. */
import type { Attributes, Fragment, Fragments, Instance } from './attribute.ts';
import type { AttributeChange } from './change.ts';
import type { NotUpdated } from './mutation.ts';
import { instanceOf } from './stamp.ts';
import { sameContent } from './same-content.ts';

/** What a rule makes of one fragment and the instance it meets. */
type Verdict = { readonly write: Instance } | { readonly remove: true } | { readonly skip: string } | 'ignore';
export type Rule = (before: Instance | undefined, fragment: Fragment, name: string) => Verdict;

export interface Draft {
  readonly attrs: Attributes;
  readonly changes: readonly AttributeChange[];
  /** Expanded names of the attributes that were written or removed. */
  readonly updated: readonly string[];
  readonly notUpdated: readonly NotUpdated[];
  /** True when `attrs` differs from before in any way, expiry included. */
  readonly touched: boolean;
}

/** The attributes after every fragment has been put through the rule, in order. */
export function draftAttributes(attrs: Attributes, fragments: Fragments, rule: Rule): Draft {
  const after: Record<string, readonly Instance[]> = { ...attrs };
  const changes: AttributeChange[] = [];
  const updated = new Set<string>();
  const notUpdated: NotUpdated[] = [];
  for (const [name, given] of Object.entries(fragments)) {
    for (const fragment of given) {
      const before = instanceOf(after[name], fragment.datasetId);
      const verdict = rule(before, fragment, name);
      if (verdict === 'ignore') continue;
      if ('skip' in verdict) {
        notUpdated.push({ attributeName: name, reason: verdict.skip });
        continue;
      }
      updated.add(name);
      const next = 'write' in verdict ? verdict.write : undefined;
      changes.push(...changeOf(name, before, next));
      put(after, name, { before, next });
    }
  }
  return { attrs: after, changes, updated: [...updated], notUpdated, touched: updated.size > 0 };
}

function put(
  attrs: Record<string, readonly Instance[]>,
  name: string,
  { before, next }: { before: Instance | undefined; next: Instance | undefined },
): void {
  const present = attrs[name] ?? [];
  const replaced = before && next ? present.map((instance) => (instance === before ? next : instance)) : undefined;
  const instances = replaced ?? [...present.filter((instance) => instance !== before), ...(next ? [next] : [])];
  if (instances.length > 0) attrs[name] = instances;
  else delete attrs[name];
}

/** The change from one instance to the next: none when only the expiry moved (clause 4.22 keeps that out of history). */
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

/** Every instance of some attributes, as deleted. */
export const deletionsOf = (attrs: Attributes): readonly AttributeChange[] =>
  Object.entries(attrs).flatMap(([name, instances]) =>
    instances.flatMap((instance) => changeOf(name, instance, undefined)),
  );
