/** Resolves the parts of a query that lead through relationships (clause 4.9): finds the target entities first. */
import { anyOfTypes, type Filter, type QPath, type Query } from '../language/filter.ts';
import { Problem } from '../model/problem.ts';
import type { CallContext } from './operation.ts';

/** Maximum number of target entities of one part of a query. */
const targetsMax = 10_000;

/** Replaces each linked path of the query by the ids of the entities that match the rest of it. */
export async function resolveLinks(query: Query, call: CallContext): Promise<Query> {
  if ('parts' in query) {
    const parts: Query[] = [];
    for (const part of query.parts) parts.push(await resolveLinks(part, call));
    return { op: query.op, parts };
  }
  const { linked, ...path } = query.path;
  if (!linked) return query;
  const inner = await resolveLinks(withPath(query, linked.path), call);
  const uris = await idsOf(inner, linked.types, call);
  return { op: '==', path, value: { kind: 'list', values: uris.map((uri) => ({ kind: 'uri', uri })) } };
}

const withPath = (query: Exclude<Query, { parts: unknown }>, path: QPath): Query => ({ ...query, path });

async function idsOf(q: Query, types: readonly string[], { store, now }: CallContext): Promise<readonly string[]> {
  const filter: Filter = types.length > 0 ? { q, selectors: [{ types: anyOfTypes(types) }] } : { q };
  const found = await store.find({ filter, now, limit: targetsMax + 1, isLazy: true });
  if (found.length > targetsMax)
    throw new Problem('TooComplexQuery', `A part of q leads to more than ${targetsMax} entities.`);
  return found.map(({ id }) => id);
}
