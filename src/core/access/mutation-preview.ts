/** Computes what a mutation touches and leaves behind, which a partial grant must cover before the write is applied. */
import type { Entity } from '../model/entity.ts';
import type { Instant } from '../model/instant.ts';
import { mutate } from '../model/mutate.ts';
import type { Mutation } from '../model/mutation.ts';

/** Expanded names of the attributes that the mutation writes or removes. */
export function touchedAttributes(current: Entity | undefined, mutation: Mutation): readonly string[] {
  const present = Object.keys(current?.attrs ?? {});
  switch (mutation.op) {
    case 'delete':
      return present;
    case 'removeAttrs': {
      const named = new Set(mutation.attrs);
      return present.filter((name) => named.has(name) === (mutation.which === 'these'));
    }
    case 'create':
    case 'observe':
      return Object.keys(mutation.entity.attrs);
    case 'replace':
    case 'upsert':
      return [...new Set([...Object.keys(mutation.entity.attrs), ...present])];
    case 'append':
    case 'update':
    case 'merge':
      return Object.keys(mutation.fragment.attrs);
    case 'partialUpdate':
    case 'replaceAttr':
    case 'deleteAttr':
      return mutation.attr === 'scope' ? [] : [mutation.attr];
  }
}

/** The entity after the mutation. Undefined when the mutation deletes it or is refused. */
export const previewMutation = (current: Entity | undefined, mutation: Mutation, at: Instant): Entity | undefined =>
  mutate(current, mutation, at).next;
