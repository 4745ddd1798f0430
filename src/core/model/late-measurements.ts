/** Handles measurements that can arrive late: an instance replaces the current instance only when it is not older (clause 4.8). */
import { type Fragment, type Fragments, type Instance, ngsildNull } from './attribute.ts';
import { instanceOf } from './dataset.ts';
import type { Entity } from './entity.ts';
import type { Instant } from './instant.ts';
import { addedInstance } from './merge.ts';
import type { Mutation, HistoryOnlyInstance } from './mutation.ts';
import { badData } from './problem.ts';
import { sameContent } from './same-content.ts';
import { isOlder } from './stamp.ts';
import { resolveFragment } from './ambiguous-fragment.ts';

/** The mutation of the current entity, and the instances that are recorded only in the history. */
export interface SplitMeasurements {
  readonly mutation: Mutation;
  readonly past: readonly HistoryOnlyInstance[];
}

/**
 * Removes from an upsert or merge the instances that are older than the current instance; they go only into the history. Also removes
 * instances of the attributes `fixed` (expanded names) with the same content as the current instance. Throws BadRequestData for an older
 * instance without a value.
 */
export function splitLateMeasurements(
  current: Entity,
  mutation: Mutation,
  { fixed, at }: { readonly fixed: readonly string[]; readonly at: Instant },
): SplitMeasurements {
  if (mutation.op !== 'upsert' && mutation.op !== 'merge') return { mutation, past: [] };
  const given = mutation.op === 'upsert' ? mutation.entity : mutation.fragment;
  const past: HistoryOnlyInstance[] = [];
  const attrs: Record<string, readonly Fragment[]> = {};
  for (const [name, fragments] of Object.entries(given.attrs)) {
    const kept = fragments.filter((one) => {
      const present = instanceOf(current.attrs[name], one.datasetId);
      if (!present) return true;
      const fragment = resolveFragment(one, present, name);
      if (!isOlder(fragment, present) || fragment.value === ngsildNull)
        return !fixed.includes(name) || !sameContent(present, fragment);
      past.push({ name, instance: pastInstance(fragment, present, { at, name }) });
      return false;
    });
    if (kept.length > 0) attrs[name] = kept;
  }
  return { mutation: withAttributes(mutation, attrs), past };
}

function pastInstance(
  fragment: Fragment,
  { kind }: Instance,
  { at, name }: { readonly at: Instant; readonly name: string },
): Instance {
  if (fragment.value === undefined)
    throw badData(`What was observed before the present value, at ${fragment.observedAt ?? ''}, needs a value.`);
  return addedInstance({ kind, ...fragment }, { stamp: { at, ownerCreatedAt: '' }, where: name });
}

const withAttributes = (mutation: Extract<Mutation, { op: 'upsert' | 'merge' }>, attrs: Fragments): Mutation =>
  mutation.op === 'upsert'
    ? { ...mutation, entity: { ...mutation.entity, attrs } }
    : { ...mutation, fragment: { ...mutation.fragment, attrs } };
