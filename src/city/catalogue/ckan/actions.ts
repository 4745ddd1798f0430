/** The actions of CKAN's API that read: packages, searches, organizations, groups, tags and licences. */
import { restIfDue } from '../../../core/model/interruptible.ts';
import type { YieldToEventLoop } from '../../../core/port/clock.ts';
import type { Json, JsonObject } from '../../../core/model/json.ts';
import { responsible } from '../dataset.ts';
import { isTrue, listIn, type Parameters, requiredText, textIn, wholeIn } from './action-parameters.ts';
import { licenceList } from './licences.ts';
import { groupJson, organizationOf, type Package, type PackageContext, packageOf, tagJson } from './package.ts';
import { searchPackages } from './search.ts';
import { uuidOf } from './uuid.ts';

/** Nothing has this id or name. CKAN answers 404 with the type Not Found Error. */
export class ActionNotFound extends Error {}

/** What actions read. */
export interface ActionContext extends PackageContext {
  /** The public datasets as packages. None for the actions that read none. */
  readonly packages: () => readonly Package[];
}

export type Action = (params: Parameters, context: ActionContext) => Json;

/** The actions that need no list of all packages, which takes a time to make. */
const withoutPackages = new Set(['package_show', 'license_list', 'status_show', 'site_read', 'help_show']);

/** What an action reads. The packages are made with pauses. */
export async function createActionContext(
  name: string,
  context: PackageContext,
  yieldToEventLoop: YieldToEventLoop,
): Promise<ActionContext> {
  const made: Package[] = [];
  for (const dataset of withoutPackages.has(name) ? [] : context.catalogue.published) {
    await restIfDue(yieldToEventLoop);
    made.push(packageOf(dataset, context));
  }
  return { ...context, packages: () => made };
}

const byName = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

function page<T>(all: readonly T[], params: Parameters): readonly T[] {
  const start = wholeIn(params, 'offset') ?? 0;
  const limit = wholeIn(params, 'limit');
  return all.slice(start, limit === undefined ? undefined : start + limit);
}

function showPackage(params: Parameters, context: ActionContext): Json {
  const wanted = textIn(params, 'name_or_id') ?? requiredText(params, 'id');
  const found = context.catalogue.published.find(({ about, slug }) => slug === wanted || uuidOf(about.id) === wanted);
  if (!found) throw new ActionNotFound('Not found');
  return packageOf(found, context).json;
}

function showResource(params: Parameters, { packages }: ActionContext): Json {
  const wanted = requiredText(params, 'id');
  const found = packages()
    .flatMap(({ resources }) => resources)
    .find(({ id }) => id === wanted);
  if (!found) throw new ActionNotFound('Not found');
  return found;
}

/** An organization or a group: what has packages. */
interface Collection {
  readonly name: string;
  readonly json: JsonObject;
  readonly packages: readonly Package[];
}

/** The organizations of public datasets, by name, with the number of their packages. */
function organizationsIn(context: ActionContext): readonly Collection[] {
  const byOrganization = Map.groupBy(context.packages(), ({ organization }) => organization);
  const agents = [...new Set(context.catalogue.published.flatMap(({ about }) => responsible(about) ?? []))];
  return agents
    .map((agent) => {
      const { name, json } = organizationOf(agent, context);
      const packages = byOrganization.get(name) ?? [];
      return { name, packages, json: { ...json, display_name: json['title'] ?? name, package_count: packages.length } };
    })
    .sort((a, b) => byName(a.name, b.name));
}

const groupsIn = ({ packages }: ActionContext): readonly Collection[] =>
  [...new Set(packages().flatMap(({ groups }) => groups))].sort(byName).map((name) => {
    const own = packages().filter(({ groups }) => groups.includes(name));
    const more = { package_count: own.length, type: 'group', is_organization: false, state: 'active' };
    return { name, packages: own, json: { ...groupJson(name), ...more } };
  });

/** Names, or whole objects with `all_fields`. */
const listed =
  (all: (context: ActionContext) => readonly Collection[]): Action =>
  (params, context) =>
    page(all(context), params).map(({ name, json }) => (isTrue(params['all_fields']) ? json : name));

const shown =
  (all: (context: ActionContext) => readonly Collection[]): Action =>
  (params, context) => {
    const wanted = requiredText(params, 'id');
    const found = all(context).find(({ name, json }) => json['id'] === wanted || name === wanted);
    if (!found) throw new ActionNotFound('Not found');
    const packages = isTrue(params['include_datasets'])
      ? { packages: found.packages.map(({ json }) => json) }
      : undefined;
    return { ...found.json, users: [], tags: [], extras: [], groups: [], ...packages };
  };

function listTags(params: Parameters, { packages }: ActionContext): Json {
  const query = (textIn(params, 'query') ?? '').toLowerCase();
  const tags = [...new Set(packages().flatMap(({ tags: own }) => own))].filter((tag) =>
    tag.toLowerCase().includes(query),
  );
  const found = page(tags.sort(byName), params);
  return isTrue(params['all_fields']) ? found.map(tagJson) : found;
}

const status = ({ site }: ActionContext): JsonObject => ({
  // The version of the API that this is like: clients decide by it what they may ask.
  ckan_version: '2.11.0',
  site_url: site.ownUrlOf(''),
  site_title: site.name,
  site_description: '',
  error_emails_to: null,
  locale_default: 'sl',
  extensions: [],
});

/** The actions by name. */
export const actions: Readonly<Record<string, Action>> = {
  package_list: (params, { packages }) =>
    page(
      packages()
        .map(({ name }) => name)
        .sort(byName),
      params,
    ),
  current_package_list_with_resources: (params, { packages }) =>
    page(
      [...packages()].sort((a, b) => byName(b.modified, a.modified)).map(({ json }) => json),
      params,
    ),
  package_show: showPackage,
  package_search: (params, { packages }) =>
    searchPackages(packages(), {
      queries: [textIn(params, 'q') ?? '', textIn(params, 'fq') ?? '', ...listIn(params, 'fq_list')],
      sort: textIn(params, 'sort') ?? '',
      start: wholeIn(params, 'start') ?? 0,
      rows: wholeIn(params, 'rows'),
      facets: listIn(params, 'facet.field'),
    }),
  resource_show: showResource,
  organization_list: listed(organizationsIn),
  organization_show: shown(organizationsIn),
  group_list: listed(groupsIn),
  group_show: shown(groupsIn),
  tag_list: listTags,
  license_list: () => licenceList,
  status_show: (_, context) => status(context),
  site_read: () => true,
  help_show: (params) => helpOf(requiredText(params, 'name')),
};

function helpOf(name: string): string {
  if (Object.hasOwn(actions, name)) return `Reads the public datasets of the catalogue as ${name} of CKAN does.`;
  throw new ActionNotFound('Action name not known');
}
