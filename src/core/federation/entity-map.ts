/** Defines entity maps: which entities a query found, and which context sources have them (clauses 4.5.25, 5.2.39). Pure. */
import { compareInstants, type Instant, isInstant } from '../model/instant.ts';
import { isArray, isObject, isStrings, type Json, type JsonObject } from '../model/json.ts';

/** The entities by id, in the order of the pages, each with the ids of the registrations whose sources have it. */
export type EntitySources = ReadonlyMap<string, readonly string[]>;

/** Stands for this broker among the sources of an entity. */
export const here = '@none';

/** What can be known of a map without its entities. */
export interface EntityMapHead {
  readonly id: string;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  /** The subject of the identity that created it. Absent: it was created while everything was granted to everybody. */
  readonly owner?: string;
}

export interface EntityMapContent {
  readonly entities: EntitySources;
  /** The maps that sources keep of their part: by registration id, as the header NGSILD-EntityMap of the source named them. */
  readonly linked: Readonly<Record<string, string>>;
  /** The temporal query of a map of histories, as text. */
  readonly temporal?: string;
}

export interface EntityMap extends EntityMapHead, EntityMapContent {}

/** The collections of the heads and the contents, by id. Heads alone can be listed at little cost. */
export const entityMapHeads = 'entityMaps';
export const entityMapContents = 'entityMapContents';

export const headJson = ({ id, createdAt, expiresAt, owner }: EntityMapHead): Json => ({
  id,
  createdAt,
  expiresAt,
  ...(owner === undefined ? undefined : { owner }),
});

/** The head stored in a collection. Undefined when it is none. */
export function headIn(json: Json | undefined): EntityMapHead | undefined {
  if (!isObject(json)) return undefined;
  const { id, createdAt, expiresAt, owner } = json;
  if (typeof id !== 'string' || !isInstant(createdAt) || !isInstant(expiresAt)) return undefined;
  return { id, createdAt, expiresAt, ...(typeof owner === 'string' ? { owner } : undefined) };
}

export const contentJson = ({ entities, linked, temporal }: EntityMapContent): Json => ({
  entities: [...entities].map(([id, sources]) => [id, ...sources]),
  linked,
  ...(temporal === undefined ? undefined : { temporal }),
});

/** The content stored in a collection. Undefined when it is none. */
export function contentIn(json: Json | undefined): EntityMapContent | undefined {
  if (!isObject(json)) return undefined;
  const { entities, linked, temporal } = json;
  if (!isArray(entities) || !isObject(linked)) return undefined;
  const texts = Object.entries(linked).flatMap(([id, map]) => (typeof map === 'string' ? [[id, map] as const] : []));
  const lists = entities.filter(isStrings);
  return {
    entities: new Map(lists.flatMap(([id, ...sources]) => (id === undefined ? [] : [[id, sources] as const]))),
    linked: Object.fromEntries(texts),
    ...(typeof temporal === 'string' ? { temporal } : undefined),
  };
}

export const isGone = ({ expiresAt }: Pick<EntityMapHead, 'expiresAt'>, now: Instant): boolean =>
  compareInstants(expiresAt, now) <= 0;

/** The entities that the source of the registration has. */
export const idsAt = ({ id }: { readonly id: string }, { entities }: EntityMapContent): readonly string[] =>
  [...entities].flatMap(([entity, sources]) => (sources.includes(id) ? [entity] : []));

/** The map without these entities. */
export const withoutEntities = (content: EntityMapContent, ids: ReadonlySet<string>): EntityMapContent => ({
  ...content,
  entities: new Map([...content.entities].filter(([id]) => !ids.has(id))),
});

/** The id of a map in a header NGSILD-EntityMap: the last segment of its URL, or the id itself. */
export const idInReference = (reference: string): string => {
  const [path = ''] = reference.trim().split(/[?#]/, 1);
  const last = path.split('/').findLast((segment) => segment !== '') ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
};

/** The map as clients see it. `urlOf` gives the URL of the map of a source. */
export const shownMap = (
  { id, expiresAt, entities, linked }: EntityMap,
  urlOf: (registration: string, reference: string) => string,
): JsonObject => ({
  id,
  type: 'EntityMap',
  expiresAt,
  entityMap: Object.fromEntries(entities),
  linkedMaps: Object.fromEntries(Object.entries(linked).map(([one, reference]) => [one, urlOf(one, reference)])),
});
