/** Tests an entity against a query that follows relationships (clause 4.9). It loads the entities that the query reaches. */
import type { QPath, Query } from '../language/filter.ts';
import { compileQuery } from '../language/matches/matches-query.ts';
import type { Instance } from '../model/attribute.ts';
import type { Entity } from '../model/entity.ts';
import { targetsOf } from '../model/relationship.ts';

type Term = Exclude<Query, { readonly parts: unknown }>;

/** True when some part of the query follows a relationship. */
export const isLinked = (query: Query): boolean =>
  'parts' in query ? query.parts.some(isLinked) : query.path.linked !== undefined;

/** The current entity with this id. */
export type GetEntity = (id: string) => Promise<Entity | undefined>;

/** Whether the entity meets the query. */
export async function holdsLinked(query: Query, entity: Entity, get: GetEntity): Promise<boolean> {
  if (!isLinked(query)) return compileQuery(query)(entity);
  if (!('parts' in query)) return leadsToMatch(query, entity, get);
  for (const part of query.parts) {
    const isMet = await holdsLinked(part, entity, get);
    if (isMet === (query.op === 'or')) return isMet;
  }
  return query.op === 'and';
}

/** Whether some entity that the path reaches matches the rest of the term. */
async function leadsToMatch(term: Term, entity: Entity, get: GetEntity): Promise<boolean> {
  const { linked } = term.path;
  if (!linked) return false;
  const rest: Query = { ...term, path: linked.path };
  for (const id of targetsAt(entity, term.path)) {
    const target = await get(id);
    const isOfType = target && (linked.types.length === 0 || linked.types.some((type) => target.types.includes(type)));
    if (isOfType && (await holdsLinked(rest, target, get))) return true;
  }
  return false;
}

/** The targets of the relationship that a path names. */
function targetsAt({ attrs }: Entity, { attr, sub }: QPath): readonly string[] {
  let instances: readonly Instance[] = attrs[attr] ?? [];
  for (const name of sub) instances = instances.flatMap((instance) => instance.attrs?.[name] ?? []);
  return instances.flatMap(targetsOf);
}
