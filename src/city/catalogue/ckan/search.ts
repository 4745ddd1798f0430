/** Searches packages as CKAN's package_search does: queries, order, pages and counts by value. */
import { compareInstants } from '../../../core/model/instant.ts';
import type { Json, JsonObject } from '../../../core/model/json.ts';
import { groupJson, type Package } from './package.ts';
import { parseSearches, SearchQueryError } from './search-query.ts';

export interface Search {
  /** All must match. */
  readonly queries: readonly string[];
  /** Fields with directions, separated by commas; empty: the newest first. */
  readonly sort: string;
  readonly start: number;
  /** Absent: 10. At most 1000 are answered. */
  readonly rows: number | undefined;
  readonly facets: readonly string[];
}

const rowsInitial = 10;
const rowsMax = 1000;
const sortInitial = 'score desc, metadata_modified desc';

/** Throws SearchQueryError. */
export function searchPackages(
  packages: readonly Package[],
  { queries, sort, start, rows, facets }: Search,
): JsonObject {
  const matches = parseSearches(queries);
  const order = orderOf(sort === '' ? sortInitial : sort);
  const found = packages.filter(matches).sort(order);
  const limit = Math.min(rows ?? rowsInitial, rowsMax);
  const counts = [...new Set(facets)].map((field) => [field, countsOf(field, found)] as const);
  return {
    count: found.length,
    sort: sort === '' ? sortInitial : sort,
    results: found.slice(start, start + limit).map(({ json }) => json),
    facets: Object.fromEntries(counts.map(([field, values]) => [field, Object.fromEntries(values)])),
    search_facets: Object.fromEntries(
      counts.map(([field, values]) => [field, { title: field, items: itemsOf(field, values) }]),
    ),
  };
}

type Order = (a: Package, b: Package) => number;

const byText =
  (textOf: (one: Package) => string): Order =>
  (a, b) =>
    textOf(a) < textOf(b) ? -1 : Number(textOf(a) > textOf(b));

const orders: ReadonlyMap<string, Order> = new Map(
  Object.entries<Order>({
    // Matches have no score here: all are equal.
    score: () => 0,
    id: byText(({ id }) => id),
    name: byText(({ name }) => name),
    title: byText(({ title }) => title),
    title_string: byText(({ title }) => title),
    metadata_modified: (a, b) => compareInstants(a.modified, b.modified),
    metadata_created: (a, b) => compareInstants(a.created, b.created),
  }),
);

/** Most fields by which packages are sorted: all that there are, and some twice. */
const sortFieldsMax = 10;

/** Equal packages are ordered by id, so that pages never overlap. */
function orderOf(sort: string): Order {
  const named = sort.split(',');
  if (named.length > sortFieldsMax)
    throw new SearchQueryError(`Packages are sorted by at most ${sortFieldsMax} fields.`);
  const parts = [...named, 'id asc'].map((part) => {
    const [, field = '', direction = 'asc'] = /^\s*(\w+)(?:\s+(asc|desc))?\s*$/i.exec(part) ?? [];
    const order = orders.get(field);
    if (!order) throw new SearchQueryError(`Packages cannot be sorted by ${JSON.stringify(part.trim())}.`);
    return direction.toLowerCase() === 'desc' ? (a: Package, b: Package) => order(b, a) : order;
  });
  return (a, b) => parts.map((order) => order(a, b)).find((sign) => sign !== 0) ?? 0;
}

const facetValues: ReadonlyMap<string, (one: Package) => readonly string[]> = new Map(
  Object.entries<(one: Package) => readonly string[]>({
    organization: ({ organization }) => (organization === '' ? [] : [organization]),
    groups: ({ groups }) => groups,
    tags: ({ tags }) => tags,
    res_format: ({ formats }) => formats,
    license_id: ({ licenceId }) => [licenceId],
  }),
);

/** How many packages have each value, the most frequent first. An unknown field has no values, as in CKAN. */
function countsOf(field: string, found: readonly Package[]): readonly (readonly [string, number])[] {
  const valuesOf = facetValues.get(field);
  if (!valuesOf) return [];
  const counts = new Map<string, number>();
  for (const one of found) for (const value of valuesOf(one)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

const itemsOf = (field: string, values: readonly (readonly [string, number])[]): Json =>
  values.map(([name, count]) => ({
    name,
    display_name: field === 'groups' ? (groupJson(name)['title'] ?? name) : name,
    count,
  }));
