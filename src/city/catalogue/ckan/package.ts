/** Datasets as CKAN shows them: packages with resources, organizations, groups and tags. */
import { instantOf, microsOfInstant, type Instant } from '../../../core/model/instant.ts';
import type { Json, JsonObject } from '../../../core/model/json.ts';
import { type Dataset, isHighValue, lawsOf, responsible, slugOf } from '../dataset.ts';
import type { Description } from '../description.ts';
import { isHistory } from '../file/selection.ts';
import { formsOf } from '../file/file-forms.ts';
import type { Site } from '../publication.ts';
import type { Catalogue } from '../read-catalogue.ts';
import { conceptOf, languageOf, licenceOf, tableOf } from '../vocabulary.ts';
import { licenceDocument } from './licences.ts';
import { themeTitle } from './themes.ts';
import { uuidOf } from './uuid.ts';

/** A package with what searches compare. */
export interface Package {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly notes: string;
  readonly tags: readonly string[];
  /** Names of groups: the themes. */
  readonly groups: readonly string[];
  /** The name of the organization; empty: none. */
  readonly organization: string;
  readonly licenceId: string;
  readonly formats: readonly string[];
  /** The resources as clients get them. */
  readonly resources: readonly JsonObject[];
  readonly created: Instant;
  readonly modified: Instant;
  /** The package as clients get it. */
  readonly json: JsonObject;
}

/** What packages are made of besides the dataset. */
export interface PackageContext {
  readonly catalogue: Catalogue;
  readonly site: Site;
  /** The languages of texts, the preferred one first. */
  readonly languages: readonly string[];
}

/** A time as CKAN writes it: in UTC, without saying so, with six digits after the point. */
const ckanTime = (instant: Instant): string =>
  instantOf(microsOfInstant(instant)).replace(
    /(?:\.(\d+))?Z$/,
    (_, digits: string = '') => `.${digits.padEnd(6, '0')}`,
  );

export function packageOf(dataset: Dataset, context: PackageContext): Package {
  const { about, slug } = dataset;
  const { createdAt: created, modifiedAt: modified = created } = about.entity;
  const agent = responsible(about);
  const base = {
    id: uuidOf(about.id),
    name: slug,
    title: about.textIn('title', context.languages) ?? slug,
    notes: about.textIn('description', context.languages) ?? '',
    tags: tagsOf(about),
    groups: groupsOf(about),
    licenceId: licenceDocument(about.text('license')).id,
    created,
    modified,
  };
  const organization = agent === undefined ? undefined : organizationOf(agent, context);
  const resources = resourcesOf(dataset, { ...context, packageId: base.id, modified });
  return {
    ...base,
    organization: organization?.name ?? '',
    formats: [...new Set(resources.map(({ format }) => format))],
    resources: resources.map(({ json }) => json),
    json: {
      ...packageJson(base, dataset, context),
      ...organizationMembers(organization),
      ...resourceMembers(resources),
    },
  };
}

/** The members of a package besides its organization and its resources. */
function packageJson(
  {
    id,
    name,
    title,
    notes,
    tags,
    groups,
    created,
    modified,
  }: Omit<Package, 'organization' | 'formats' | 'resources' | 'json'>,
  dataset: Dataset,
  context: PackageContext,
): JsonObject {
  const { about } = dataset;
  return {
    id,
    name,
    title,
    notes,
    url: about.text('landingPage') ?? context.site.urlOf(`/dcat/dataset/${name}`),
    type: 'dataset',
    state: 'active',
    private: false,
    ...licenceMembers(about),
    ...agentsOf(about, context),
    version: about.text('version') ?? null,
    groups: groups.map(groupJson),
    tags: tags.map(tagJson),
    num_tags: tags.length,
    extras: extrasOf(dataset, context),
    metadata_created: ckanTime(created),
    metadata_modified: ckanTime(modified),
    creator_user_id: null,
    relationships_as_subject: [],
    relationships_as_object: [],
  };
}

function licenceMembers({ text }: Description): JsonObject {
  const { id, title, url, isOpen } = licenceDocument(text('license'));
  return { isopen: isOpen, license_id: id, license_title: title, license_url: url };
}

const organizationMembers = (organization: Organization | undefined): JsonObject => ({
  owner_org: organization?.id ?? null,
  organization: organization?.json ?? null,
});

const resourceMembers = (resources: readonly Resource[]): JsonObject => ({
  resources: resources.map(({ json }) => json),
  num_resources: resources.length,
});

export interface Organization {
  readonly id: string;
  readonly name: string;
  readonly json: JsonObject;
}

interface Resource {
  readonly format: string;
  readonly json: JsonObject;
}

/** The organization that answers for a dataset. */
export function organizationOf(agent: string, { catalogue, languages }: PackageContext): Organization {
  const about = catalogue.agents.get(agent);
  const title = about?.textIn('name', languages) ?? agent;
  const [id, name] = [uuidOf(agent), slugOf(title).padEnd(2, '-')];
  const json = {
    id,
    name,
    title,
    type: 'organization',
    description: about?.textIn('description', languages) ?? '',
    image_url: '',
    created: ckanTime(about?.entity.createdAt ?? '1970-01-01T00:00:00Z'),
    is_organization: true,
    approval_status: 'approved',
    state: 'active',
  };
  return { id, name, json };
}

function agentsOf(about: Description, { catalogue, languages }: PackageContext): JsonObject {
  const agent = responsible(about);
  const name =
    (agent === undefined ? undefined : catalogue.agents.get(agent)?.textIn('name', languages)) ?? agent ?? null;
  const email =
    about
      .texts('contactPoint')
      .find((text) => text.includes('@'))
      ?.replace(/^mailto:/, '') ?? null;
  return { author: name, author_email: email, maintainer: name, maintainer_email: email };
}

/** Keywords as tags: letters, digits, spaces and `-_.`, 2 to 100 of them. */
const tagsOf = (about: Description): readonly string[] => [
  ...new Set(
    about
      .localTexts('keyword')
      .map(({ text }) =>
        text
          .replace(/[^\p{L}\p{N}_.-]+/gu, ' ')
          .trim()
          .slice(0, 100),
      )
      .filter((tag) => tag.length >= 2),
  ),
];

export const tagJson = (name: string): JsonObject => ({
  id: uuidOf(`tag:${name}`),
  name,
  display_name: name,
  state: 'active',
  vocabulary_id: null,
});

/** Themes of the table of the European Union as names of groups. */
const groupsOf = (about: Description): readonly string[] =>
  about.texts('theme').flatMap((word) => {
    const iri = conceptOf('data-theme', word) ?? '';
    return iri.startsWith(tableOf('data-theme')) ? [iri.slice(tableOf('data-theme').length).toLowerCase()] : [];
  });

export const groupJson = (name: string): JsonObject => ({
  id: uuidOf(`group:${name}`),
  name,
  title: themeTitle(name),
  display_name: themeTitle(name),
  description: '',
  image_display_url: '',
});

interface ResourceContext extends PackageContext {
  readonly packageId: string;
  readonly modified: Instant;
}

function resourcesOf(dataset: Dataset, context: ResourceContext): readonly Resource[] {
  const { about, slug } = dataset;
  const { site, catalogue, languages } = context;
  const files = about.texts('entityTypes').length === 0 ? [] : formsOf(isHistory(about));
  const all = [
    ...files.map(({ ending, title, contentType }) => ({
      name: title,
      url: site.urlOf(`/data/${slug}.${ending}`),
      format: title,
      mimetype: contentType.split(';')[0] ?? null,
    })),
    ...catalogue.distributionsOf(about).flatMap((one) => {
      const url = one.text('downloadURL') ?? one.text('accessURL');
      const format = one.text('format')?.split('/').at(-1) ?? '';
      return url === undefined
        ? []
        : [{ name: one.textIn('title', languages) ?? url, url, format, mimetype: one.text('mediaType') ?? null }];
    }),
  ];
  return all.map((one, position) => ({ format: one.format, json: resourceJson(one, position, context) }));
}

function resourceJson(
  one: { readonly name: string; readonly url: string; readonly format: string; readonly mimetype: string | null },
  position: number,
  { packageId, modified }: ResourceContext,
): JsonObject {
  return {
    id: uuidOf(one.url),
    package_id: packageId,
    position,
    ...one,
    description: '',
    size: null,
    hash: '',
    created: ckanTime(modified),
    last_modified: null,
    metadata_modified: ckanTime(modified),
    state: 'active',
    resource_type: null,
    url_type: null,
    cache_url: null,
    cache_last_updated: null,
    mimetype_inner: null,
    datastore_active: false,
  };
}

/** What has no member of its own, under the names of ckanext-dcat. Lists are JSON as text. */
function extrasOf({ about, slug }: Dataset, { site }: PackageContext): readonly JsonObject[] {
  const { text, texts, value } = about;
  const [start, end] = texts('temporal').flatMap((one) => one.split('/'));
  const list = (all: readonly (string | undefined)[]): string | undefined => {
    const known = all.filter((one) => one !== undefined);
    return known.length === 0 ? undefined : JSON.stringify(known);
  };
  const concept = (table: Parameters<typeof conceptOf>[0], term: string): string | undefined => {
    const word = text(term);
    return word === undefined ? undefined : conceptOf(table, word);
  };
  const place: Json | undefined = value('spatial');
  const extras: Readonly<Record<string, string | undefined>> = {
    uri: site.urlOf(`/dcat/dataset/${slug}`),
    identifier: text('identifier') ?? about.id,
    issued: text('issued'),
    modified: text('modified'),
    frequency: concept('frequency', 'accrualPeriodicity'),
    access_rights: concept('access-right', 'accessRights'),
    theme: list(texts('theme').map((word) => conceptOf('data-theme', word))),
    language: list(texts('language').map(languageOf)),
    conforms_to: list(texts('conformsTo')),
    licence: licenceOf(text('license') ?? ''),
    publisher_uri: responsible(about),
    spatial: typeof place === 'object' ? JSON.stringify(place) : undefined,
    spatial_uri: typeof place === 'string' ? place : undefined,
    temporal_start: start,
    temporal_end: end,
    temporal_resolution: text('temporalResolution'),
    provenance: text('provenance'),
    applicable_legislation: list(lawsOf(about)),
    hvd_category: isHighValue(about) ? list(texts('hvdCategory')) : undefined,
    purpose: text('purpose'),
  };
  return Object.entries(extras).flatMap(([key, one]) => (one === undefined ? [] : [{ key, value: one }]));
}
