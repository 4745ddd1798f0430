/** Writes requests to context sources that speak NGSI v2, and reads their answers. */
import { joinSelectors, type NarrowSelector } from '../../federation/narrow.ts';
import type { Registration } from '../../federation/registration.ts';
import { extendVia } from '../../federation/via.ts';
import type { Context } from '../../jsonld/context.ts';
import type { Entity, Terms } from '../../model/entity.ts';
import type { Instant } from '../../model/instant.ts';
import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import { badData } from '../../model/problem.ts';
import { instancesOf } from '../../model/read/instances.ts';
import { v2IdOf } from '../../model/v2/id.ts';
import type { V2Source } from '../../model/v2/source.ts';
import type { SourceRequest } from '../../port/sources.ts';
import { attributeName, typeName } from '../../v2/names.ts';
import { createdEntity, readV2Entity } from '../../v2/read-entity.ts';
import type { CallContext } from '../operation.ts';
import type { SourceQuery } from './source-read-request.ts';
import { headerOf, ownAlias, registeredHeaders, type SourceTarget } from './source-request.ts';

/** A source of NGSI v2, and the headers for it. Names are those of the default @context of the tenant. */
export async function v2TargetOf(
  registration: Registration,
  source: V2Source,
  call: CallContext,
): Promise<SourceTarget> {
  const context = await call.services.contexts.defaultContext(call.tenant);
  return { registration, context, headers: headersFor(registration, source, call) };
}

function headersFor(
  { info, tenant }: Registration,
  { servicePath }: V2Source,
  call: CallContext,
): Readonly<Record<string, string>> {
  const service = tenant ?? call.tenant;
  const correlator = headerOf(call, 'fiware-correlator');
  return {
    Accept: 'application/json',
    ...registeredHeaders(info, call),
    Via: extendVia(headerOf(call, 'via'), ownAlias(call)),
    ...(service === '' ? undefined : { 'Fiware-Service': service }),
    'Fiware-ServicePath': servicePath,
    ...(correlator === undefined ? undefined : { 'Fiware-Correlator': `${correlator}; cbfwd=1` }),
  };
}

/** The URL is used as it is given. One without a path gets two slashes, as from Orion: IoT agents listen there. */
const urlOf = ({ document, endpoint }: Registration): string => {
  const given = document.members['endpoint'];
  return typeof given === 'string' && /^https?:\/\/[^/]+\/?$/i.test(given) ? `${endpoint}/` : endpoint;
};

function requestOf({ registration, headers }: SourceTarget, path: string, body: Json): SourceRequest {
  const { handling, id } = registration;
  return {
    method: 'POST',
    url: `${urlOf(registration)}${path}`,
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    registration: id,
    ...(handling.cooldownMs === undefined ? undefined : { cooldownMs: handling.cooldownMs }),
    ...(handling.timeoutMs === undefined ? undefined : { timeoutMs: handling.timeoutMs }),
  };
}

/** `POST /op/query`. Conditions are not sent: they are tested here. */
export function v2QueryRequest(
  query: SourceQuery,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): SourceRequest {
  const { demand, context } = query;
  const selectors = demand.selectors.length > 0 ? demand.selectors : [joinSelectors(demand.selectors)];
  const body = {
    entities: selectors.flatMap((selector) => entitiesOf(selector, context)),
    ...(demand.attrs ? { attrs: [...new Set(demand.attrs.map((name) => attributeName(name, context)))] } : undefined),
  };
  return requestOf(query, `/op/query?limit=${limit}${offset > 0 ? `&offset=${offset}` : ''}`, body);
}

/** Most elements that one selector becomes with each id for each type. */
const elementsMax = 10_000;

/** Beyond the most elements, the types are left out: what the source sends is tested after merging. */
function entitiesOf({ ids, idPattern = '.*', types }: NarrowSelector, terms: Terms): readonly JsonObject[] {
  const named: readonly JsonObject[] = ids ? ids.map((id) => ({ id: v2IdOf(id) })) : [{ idPattern }];
  return types && types.length * named.length <= elementsMax
    ? named.flatMap((one) => types.map((type) => ({ ...one, type: typeName(type, terms) })))
    : named;
}

/** An update of one entity. `attrs` are normalized, by their v2 names. */
export interface V2Update {
  readonly id: string;
  /** Expanded. */
  readonly type?: string | undefined;
  readonly attrs: JsonObject;
}

/** `POST /op/update` with the action `update`. */
export const v2UpdateRequest = (target: SourceTarget, { id, type, attrs }: V2Update): SourceRequest =>
  requestOf(target, '/op/update', {
    actionType: 'update',
    entities: [
      { id: v2IdOf(id), ...(type === undefined ? undefined : { type: typeName(type, target.context) }), ...attrs },
    ],
  });

/** The entity of a normalized JSON object of NGSI v2. Throws BadRequestData. */
export function readV2Copy(json: Json, { terms, source, now }: CopyReading): Entity {
  if (!isObject(json)) throw badData('An entity must be an object.');
  const reading = { terms, isKeyValues: false, isStrict: false, metadata: 'keep' } as const;
  const entity = readV2Entity(json, reading);
  const { servicePath } = source;
  const { attrs, types = [], ...made } = createdEntity(entity, servicePath === '/' ? undefined : servicePath, reading);
  return { id: entity.id, types, ...made, createdAt: now, attrs: instancesOf(attrs) };
}

interface CopyReading {
  readonly terms: Context;
  readonly source: V2Source;
  readonly now: Instant;
}
