/** Tells which attributes a filter tests, because a filter may not test what is hidden. */
import type { Filter, Query } from '../language/filter.ts';

/** Members of every entity, which `q` names like attributes. They are visible with the entity. `modifiedAt` depends on its attributes. */
const members: ReadonlySet<string> = new Set(['id', 'v2Id', 'type', 'scope', 'createdAt', 'expiresAt']);

/** Stands for every attribute: the location of NGSI v2 may be any of them. No grant names it. */
const anyName = '';

/** Expanded names of the attributes that the filter tests. */
export function attributesIn(filter: Filter): ReadonlySet<string> {
  const names = new Set<string>();
  collect(filter, names);
  return names;
}

function collect({ attrs, q, geo, also, anyOf }: Filter, names: Set<string>): void {
  for (const name of attrs ?? []) names.add(name);
  if (q) collectQuery(q, names);
  if (geo) names.add(geo.isV2 ? anyName : geo.geoproperty);
  for (const filter of [...(also ?? []), ...(anyOf ?? [])]) collect(filter, names);
}

function collectQuery(query: Query, names: Set<string>): void {
  if ('parts' in query) {
    for (const part of query.parts) collectQuery(part, names);
  } else if (!members.has(query.path.attr)) names.add(query.path.attr);
}

/** The filter without what it asks of attributes. It selects at least the entities whose visible part matches the filter. */
export function withoutAttributes({ selectors, scopeQ, also }: Filter): Filter {
  return {
    ...(selectors ? { selectors } : undefined),
    ...(scopeQ ? { scopeQ } : undefined),
    ...(also ? { also: also.map(withoutAttributes) } : undefined),
  };
}
