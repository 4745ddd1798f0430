/** Stores the entity maps of a tenant: makes, finds, changes and deletes them, within bounds of number, size and time (clause 5.14). */
import {
  contentIn,
  contentJson,
  type EntityMap,
  type EntityMapContent,
  type EntityMapHead,
  entityMapContents,
  entityMapHeads,
  headIn,
  headJson,
  here,
  idInReference,
  isGone,
  shownMap,
  withoutEntities,
} from '../../federation/entity-map.ts';
import { isZero, later, parseDuration } from '../../language/duration.ts';
import { compareInstants, hourMicros, type Instant, microsOfInstant, stampOfMicros } from '../../model/instant.ts';
import { badData, Problem } from '../../model/problem.ts';
import { changeDocument } from '../../port/document-collection.ts';
import { serialized } from '../../port/serialized.ts';
import type { Store } from '../../port/store.ts';
import type { CallContext, FoundMap, OperationResult } from '../operation.ts';
import { readBoolean } from '../parameters.ts';
import { withContext } from '../view.ts';
import { headerOf } from './source-request.ts';

type Params = Readonly<Record<string, string>>;
type Collections = Pick<Store, 'collection'>;

/** The parameters by which a query makes a map. */
export const entityMapParameters = ['entityMap', 'entityMapLifetime'] as const;

/** What a read says about entity maps. */
export interface MapRequest {
  /** The header NGSILD-EntityMap. */
  readonly reference?: string;
  /** How long a new map lives. */
  readonly lifetime: ReturnType<typeof parseDuration>;
}

/** Undefined when the read neither makes nor uses a map. Throws BadRequestData. */
export function readMapRequest(params: Params, call: CallContext): MapRequest | undefined {
  const reference = call.headers ? headerOf(call, 'ngsild-entitymap') : undefined;
  const isWanted = readBoolean(params, 'entityMap') ?? false;
  const lifetime = readLifetime(params);
  if (reference !== undefined) return { reference, lifetime };
  return isWanted ? { lifetime } : undefined;
}

/** The parameter `entityMapLifetime`. */
export function readLifetime({ entityMapLifetime: text }: Params): MapRequest['lifetime'] {
  if (text === undefined) return undefined;
  const duration = parseDuration(text);
  if (duration && !isZero(duration)) return duration;
  throw badData(
    `The parameter entityMapLifetime must be a duration such as PT1H, not ${JSON.stringify(text.slice(0, 120))}.`,
  );
}

/** The lifetime of a map for which none is asked, and the longest: a map is for paging, and its entities change meanwhile. */
const usualMicros = hourMicros;
const longestMicros = 24 * hourMicros;

/** When a map that is made now ends. The lifetime is a wish. */
function expiryOf(lifetime: MapRequest['lifetime'], now: Instant): Instant {
  const start = microsOfInstant(now);
  const end = lifetime ? later(start, lifetime, 1) : start + usualMicros;
  return stampOfMicros(Math.min(end, start + longestMicros));
}

/** The moment, or the latest one at which a map may end now. */
export const boundExpiry = (wanted: Instant, now: Instant): Instant => {
  const latest = stampOfMicros(microsOfInstant(now) + longestMicros);
  return compareInstants(wanted, latest) > 0 ? latest : wanted;
};

/** Most characters of the stored content of a map: it must fit into one document, and is read for each page. */
const charactersMax = 4_000_000;

/** Stores a new map. Throws TooManyResults when it is too large. */
export async function makeEntityMap(
  content: EntityMapContent,
  { lifetime }: Pick<MapRequest, 'lifetime'>,
  call: CallContext,
): Promise<EntityMap> {
  const { services, now, principal } = call;
  const head: EntityMapHead = {
    id: services.ids.next('EntityMap'),
    createdAt: now,
    expiresAt: expiryOf(lifetime, now),
    ...(services.access.isOpen ? undefined : { owner: principal.identity.subject }),
  };
  const json = contentJson(content);
  if (JSON.stringify(json).length > charactersMax)
    throw new Problem('TooManyResults', 'The entity map would be too large; narrow the query.');
  // One at a time, so that those stored together are not more than there is room for.
  await serialized(call, entityMapHeads, async () => {
    await makeRoom(head, call);
    // The head comes first: a head without content ends by itself.
    await call.store.collection(entityMapHeads).put(head.id, headJson(head));
    await call.store.collection(entityMapContents).put(head.id, json);
  });
  return { ...head, ...content };
}

/** When there are as many as there may be, the map that ends first goes: one of the same owner, else of the owner with the most maps. */
async function makeRoom({ owner }: EntityMapHead, { store, services, now }: CallContext): Promise<void> {
  const { entityMapsMax } = services.limits;
  const heads = await listHeads(store);
  const [ended, live] = [heads.filter((head) => isGone(head, now)), heads.filter((head) => !isGone(head, now))];
  const byOwner = Map.groupBy(live, (head) => head.owner);
  const weight = (head: EntityMapHead): number =>
    head.owner === owner ? live.length + 1 : (byOwner.get(head.owner)?.length ?? 0);
  const inTurn = live.toSorted((a, b) => weight(b) - weight(a) || compareInstants(a.expiresAt, b.expiresAt));
  for (const { id } of [...ended, ...inTurn.slice(0, Math.max(0, live.length + 1 - entityMapsMax))])
    await dropEntityMap(id, store);
}

const listHeads = async (store: Collections): Promise<readonly EntityMapHead[]> =>
  (await store.collection(entityMapHeads).list()).flatMap(({ document }) => headIn(document) ?? []);

/** The map with this id, when it has not ended and the caller may see it. */
export async function findEntityMap(id: string, call: CallContext): Promise<EntityMap | undefined> {
  const head = headIn(await call.store.collection(entityMapHeads).get(id));
  if (!head || isGone(head, call.now) || !maySee(head, call)) return undefined;
  const content = contentIn(await call.store.collection(entityMapContents).get(id));
  return content && { ...head, ...content };
}

/** The map that the request names. Undefined when there is none, so that a new one is made (clause 5.7.2.4). */
export const mapInUse = async ({ reference }: MapRequest, call: CallContext): Promise<EntityMap | undefined> =>
  reference === undefined ? undefined : findEntityMap(idInReference(reference), call);

/** True for the creator of a map, for administrators, and where everything is granted to everybody. */
function maySee({ owner }: EntityMapHead, { principal, tenant, services }: CallContext): boolean {
  if (services.access.isOpen || principal.rights('administer', tenant).extent === 'full') return true;
  return owner !== undefined && owner === principal.identity.subject;
}

/** Sets when the map ends. */
export const setExpiry = (id: string, expiresAt: Instant, { store }: Pick<CallContext, 'store'>): Promise<void> =>
  changeDocument(store.collection(entityMapHeads), id, (json) => {
    const head = headIn(json);
    return head && headJson({ ...head, expiresAt });
  });

/** Removes entities that do not fit the query any more (clause 5.5.9.3). */
export async function pruneEntityMap(
  id: string,
  gone: ReadonlySet<string>,
  { store }: Pick<CallContext, 'store'>,
): Promise<void> {
  if (gone.size === 0) return;
  await changeDocument(store.collection(entityMapContents), id, (json) => {
    const content = contentIn(json);
    return content && contentJson(withoutEntities(content, gone));
  });
}

/** Deletes a map. The content goes first: a head without content ends by itself. */
export async function dropEntityMap(id: string, store: Collections): Promise<void> {
  await store.collection(entityMapContents).delete(id);
  await store.collection(entityMapHeads).delete(id);
}

/** Deletes the maps of a tenant that have ended. Returns how many. */
export async function tidyEntityMaps(store: Collections, now: Instant): Promise<number> {
  const ended = (await listHeads(store)).filter((head) => isGone(head, now));
  for (const { id } of ended) await dropEntityMap(id, store);
  return ended.length;
}

/** What a result says about its map: its URL as the client knows it. `isCreated`: this request made it. */
export const mapReference = ({ id }: EntityMap, { reference }: Partial<MapRequest>, isCreated: boolean): FoundMap => ({
  location: isCreated || reference === undefined ? `/ngsi-ld/v1/entityMaps/${id}` : reference,
  isCreated,
});

/** The ids of a map in the order of its pages, of those that this request is about. `isLocal`: only what this broker has is read. */
export const candidatesIn = (
  { entities }: EntityMapContent,
  { ids, isLocal }: { readonly ids: ReadonlySet<string> | undefined; readonly isLocal: boolean },
): readonly string[] =>
  [...entities]
    .filter(([id, sources]) => (!ids || ids.has(id)) && (!isLocal || sources.includes(here)))
    .map(([id]) => id);

/** The text of a map. The path of the map of a source is at that source. */
export async function textOfMap(map: EntityMap, call: CallContext): Promise<string> {
  const index = await call.services.registrations.of(call.tenant);
  const urlOf = (registration: string, reference: string): string => {
    const endpoint = index.get(registration)?.endpoint;
    return /^\w+:/.test(reference) || endpoint === undefined ? reference : endpoint + reference;
  };
  return withContext(JSON.stringify(shownMap(map, urlOf)), call);
}

/** The result of an operation that makes a map. */
export const answerMap = async (
  { map, warnings }: { readonly map: EntityMap; readonly warnings: readonly string[] },
  call: CallContext,
): Promise<OperationResult> => ({
  kind: 'found',
  text: await textOfMap(map, call),
  entityMap: mapReference(map, {}, true),
  warnings,
});
