/** Takes a report: finds who takes care of it and what is broken, and stores it with the rights of the caller. */
import type { Coordinate } from '../../core/model/geometry.ts';
import { anyOfTypes } from '../../core/language/filter.ts';
import { dayMicros, instantOf, microsOfInstant } from '../../core/model/instant.ts';
import type { Json, JsonObject } from '../../core/model/json.ts';
import { badData, Problem } from '../../core/model/problem.ts';
import { createEntity } from '../../core/operation/entity/write-entity.ts';
import type { CallContext } from '../../core/operation/operation.ts';
import { findOrdered } from '../../core/operation/ordered.ts';
import { perform } from '../../core/operation/perform.ts';
import type { ModelNames } from '../definition/names.ts';
import { kindAt, readKinds, type ReportKind } from './kinds.ts';
import { type Given, textOf } from './parameters.ts';
import { type Place, readContact, readContent, readPlace } from './read-report.ts';
import { pathOf } from './report-terms.ts';

interface Submitting {
  readonly call: CallContext;
  readonly names: ModelNames;
}

/** The record of the standard: the number of the new report, and what the reporter is told. */
export async function submitReport(given: Given, { call, names }: Submitting): Promise<JsonObject> {
  const jurisdiction = textOf(given, 'jurisdiction_id', 200);
  const code = textOf(given, 'service_code', 200);
  if (code === undefined) throw badData('The parameter service_code is required.');
  const kinds = (await readKinds(call, names, jurisdiction)).filter((kind) => kind.code === code);
  if (kinds.length === 0)
    throw new Problem('ResourceNotFound', `There is no service_code ${JSON.stringify(code)} here.`);
  const place = readPlace(given);
  const kind = kindAt(kinds, place.point);
  if (!kind) throw badData(`Nobody takes care of ${code} at this place: it is outside all areas.`);
  const content = readContent(given, kind);
  const contact = readContact(given);
  const linked = place.point && (await nearestOf(kind, place.point, { call, names }));
  const id = call.services.ids.next('service_requests');
  const number = id.slice(id.lastIndexOf(':') + 1);
  const values = { ...content, ...routing(kind, { number, code, jurisdiction }), ...timesOf(call) };
  await create(reportOf({ id, values, place, kind, linked }, names), call);
  const isKept = await keepContact(contact, { id, number, kind }, { call, names });
  const isLost = Object.keys(contact).length > 0 && !isKept;
  const notices = [kind.text('service_notice'), isLost ? 'Your contact data were not kept.' : undefined];
  return {
    service_request_id: number,
    service_notice: notices.filter((one) => one !== undefined).join(' ') || null,
    account_id: null,
  };
}

const timesOf = ({ now }: CallContext): JsonObject => ({ requested_datetime: now, updated_datetime: now });

/** What the kind says of each of its reports. */
function routing(
  { text }: ReportKind,
  { number, code, jurisdiction }: { number: string; code: string; jurisdiction: string | undefined },
): Readonly<Record<string, Json>> {
  const city = text('jurisdiction_id') ?? jurisdiction;
  const [name, provider, notice] = [text('service_name'), text('provider'), text('service_notice')];
  return {
    service_request_id: number,
    service_code: code,
    status: 'open',
    ...(name === undefined ? undefined : { service_name: name }),
    ...(provider === undefined ? undefined : { agency_responsible: provider }),
    ...(notice === undefined ? undefined : { service_notice: notice }),
    ...(city === undefined ? undefined : { jurisdiction_id: city }),
  };
}

interface Report {
  readonly id: string;
  readonly values: JsonObject;
  readonly place: Place;
  readonly kind: ReportKind;
  readonly linked: string | undefined;
}

/** The entity with expanded names. */
function reportOf({ id, values, place, kind, linked }: Report, names: ModelNames): JsonObject {
  const [type = ''] = names.typesOf('service_requests').iris;
  const { point, addressString, addressId } = place;
  const agency = kind.text('refAgency');
  const address = { address_string: addressString, address_id: addressId };
  const members: Record<string, Json> = { id, type };
  for (const [term, value] of Object.entries({ ...values, ...address }))
    if (value !== undefined) members[iriOf(term, names)] = { type: 'Property', value };
  if (point)
    members[iriOf('location', names)] = { type: 'GeoProperty', value: { type: 'Point', coordinates: [...point] } };
  if (agency !== undefined) members[iriOf('refAgency', names)] = { type: 'Relationship', object: agency };
  if (linked !== undefined) members[iriOf('refEntity', names)] = { type: 'Relationship', object: linked };
  return members;
}

const iriOf = (term: string, names: ModelNames): string => names.termsOf('report')(term)[0] ?? term;

/** The id of the nearest entity that can be what is broken, among those that the caller may read. */
async function nearestOf(
  { linkedTypes, linkedMetres }: ReportKind,
  point: Coordinate,
  { call, names }: Submitting,
): Promise<string | undefined> {
  if (linkedTypes.length === 0) return undefined;
  const geometry = { type: 'Point', coordinates: point } as const;
  const geoproperty = iriOf('location', names);
  const filter = {
    selectors: [{ types: anyOfTypes(linkedTypes.flatMap((name) => names.typesOf(name).iris)) }],
    geo: { relation: { georel: 'near', maxDistanceMetres: linkedMetres }, geometry, geoproperty },
  } as const;
  const keys = [{ path: pathOf(geoproperty, 'location'), isDescending: false, from: geometry }];
  const order = { keys, collation: call.services.collation };
  const [nearest] = await findOrdered({ filter, limit: 1, now: call.now, isLazy: true }, order, call);
  return nearest?.id;
}

/**
 * Stores contact data in an entity of its own, which expires. False: they are not kept, because everybody could read them, or because the
 * caller may not store them.
 */
async function keepContact(
  contact: Readonly<Record<string, string>>,
  { id, number, kind }: { readonly id: string; readonly number: string; readonly kind: ReportKind },
  { call, names }: Submitting,
): Promise<boolean> {
  if (Object.keys(contact).length === 0 || call.services.access.isOpen) return false;
  const [type = ''] = names.typesOf('service_request_contacts').iris;
  const expiresAt = instantOf(microsOfInstant(call.now) + kind.contactDays * dayMicros);
  const members: Record<string, Json> = {
    id: `urn:ngsi-ld:service_request_contacts:${number}`,
    type,
    expiresAt,
    [iriOf('refServiceRequest', names)]: { type: 'Relationship', object: id },
  };
  // An attribute that expires leaves no history behind.
  for (const [term, value] of Object.entries(contact))
    members[iriOf(term, names)] = { type: 'Property', value, expiresAt };
  try {
    await create(members, call);
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}

/** Creates an entity with the rights of the caller. */
async function create(body: JsonObject, call: CallContext): Promise<void> {
  const { services } = call;
  const caller = { ...call, context: services.contexts.core, media: 'json' } as const;
  await perform(createEntity, { path: {}, params: { local: 'true' }, body }, { caller, services });
}
