/**
 * Limits what the elements of one batch rewrite of one entity. Every element rewrites the whole entity, so elements that each add something
 * to it would cost the square of their number.
 */
import { isObject, type Json } from '../../model/json.ts';
import { badData, type Problem } from '../../model/problem.ts';
import type { CallContext } from '../operation.ts';

/**
 * The maximum of characters of one entity that a batch rewrites: the size of the entity, once for each element. 10,000 measurements of an
 * entity of 6,000 characters fit; of elements that each add one attribute, about 1,300. It takes a few seconds.
 */
const rewrittenMax = 2 ** 26;

/** Elements of one entity among those that are applied together. Fewer are not counted: their cost stays linear in their size. */
const countedLeast = 10;

export interface RewriteLimit {
  /** The problem of an element whose entity earlier elements have rewritten too often; undefined: it may be applied. */
  problemOf(element: Json): Problem | undefined;
  /** Counts elements that were applied together. */
  count(elements: readonly Json[]): Promise<void>;
}

/** The limit of one batch. Elements without an id of their own (`measured-batch.ts`) do not count. */
export function createRewriteLimit({ store, now }: Pick<CallContext, 'store' | 'now'>): RewriteLimit {
  const rewritten = new Map<string, number>();
  return {
    problemOf(element) {
      const id = idIn(element);
      const isAllowed = typeof id !== 'string' || (rewritten.get(id) ?? 0) < rewrittenMax;
      return isAllowed ? undefined : tooOften(id);
    },
    async count(elements) {
      for (const [id, { length }] of Map.groupBy(elements, idIn)) {
        if (typeof id !== 'string' || length < countedLeast) continue;
        const size = JSON.stringify((await store.get(id, now))?.entity() ?? null).length;
        rewritten.set(id, (rewritten.get(id) ?? 0) + length * size);
      }
    },
  };
}

const idIn = (element: Json): Json | undefined => (isObject(element) ? (element['id'] ?? element['@id']) : undefined);

const tooOften = (id: string): Problem =>
  badData(
    `The elements of the batch rewrite the entity ${id} too often: its size, once for each element, may be ${rewrittenMax} characters at most. Put the attributes of one entity into one element.`,
  );
