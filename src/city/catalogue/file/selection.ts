/** What the entity of a dataset says about its data: which entities, which attributes, latest values or history. */
import type { Context } from '../../../core/jsonld/context.ts';
import { anyOfTypes, type Filter } from '../../../core/language/filter.ts';
import { parseQ } from '../../../core/language/q/q.ts';
import { Problem } from '../../../core/model/problem.ts';
import type { CallContext } from '../../../core/operation/operation.ts';
import type { DataTypes } from '../data-types.ts';
import type { Dataset } from '../dataset.ts';
import type { Description } from '../description.ts';

export interface Selection {
  readonly filter: Filter;
  /** Expanded names. Absent: all. */
  readonly attrs?: ReadonlySet<string>;
  /** The @context of the names in the dataset, and of the names of columns. */
  readonly context: Context;
  /** The expanded types that entities of the tenant have. */
  readonly types: readonly string[];
}

/** True for a dataset whose files have all values over time. */
export const isHistory = ({ text }: Description): boolean => text('content') === 'history';

/** Throws ResourceNotFound for a dataset without entities in the broker, and BadRequestData for a condition that is no query. */
export async function selectionOf({ about, slug }: Dataset, types: DataTypes, call: CallContext): Promise<Selection> {
  if (about.texts('entityTypes').length === 0)
    throw new Problem('ResourceNotFound', `The dataset ${slug} names no entity types, so it has no files here.`);
  const own = await namedContext(about, call);
  const iris = own ? about.texts('entityTypes').map((type) => own.expand(type)) : types.irisOf(about);
  const known = new Set((await call.store.summary()).types.map(({ type }) => type));
  const present = iris.filter((iri) => known.has(iri));
  const context = own ?? (await contextOf(types.modelsOf(present), call));
  const q = about.text('query');
  const names = about.texts('attributeNames');
  return {
    filter: {
      selectors: [{ types: anyOfTypes(iris) }],
      ...(q === undefined ? undefined : { q: parseQ(q, context, { expandValues: [], jsonKeys: [] }) }),
    },
    ...(names.length === 0 ? undefined : { attrs: new Set(names.map((name) => context.expand(name))) }),
    context,
    types: present,
  };
}

/** The @context that the dataset names. */
async function namedContext(
  { text }: Description,
  { tenant, services: { contexts } }: CallContext,
): Promise<Context | undefined> {
  const url = text('dataContext');
  return url === undefined ? undefined : contexts.resolve(url, tenant);
}

/** The @context of the models of the data, else that of the tenant. */
async function contextOf(
  models: ReturnType<DataTypes['modelsOf']>,
  { tenant, services: { contexts } }: CallContext,
): Promise<Context> {
  const urls = [...new Set(models.map(({ contextUrl }) => contextUrl))];
  return urls.length === 0 ? contexts.defaultContext(tenant) : contexts.resolve(urls, tenant);
}
