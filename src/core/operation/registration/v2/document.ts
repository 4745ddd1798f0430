/** Makes documents of registrations from requests of NGSI v2, and shows registrations as NGSI v2 does. */
import { readRegistration } from '../../../federation/read-registration.ts';
import type { Registration } from '../../../federation/registration.ts';
import type { Instant } from '../../../model/instant.ts';
import type { JsonObject } from '../../../model/json.ts';
import type { ForwardingMode } from '../../../model/v2/source.ts';
import { dateText } from '../../../v2/date.ts';
import { badRequest, V2Problem } from '../../../v2/problem.ts';
import { readV2Registration, showV2Registration, withoutPassword } from '../../../v2/registration.ts';
import { readWritePath } from '../../../v2/service-path.ts';
import type { CallContext } from '../../operation.ts';

const idPrefix = 'urn:ngsi-ld:ContextSourceRegistration:';
const shortId = /^[0-9a-f]{24}$/i;

/** The id of a registration as v2 spells it: 24 hexadecimal digits, or the URI of one that NGSI-LD has made. */
export function v2RegistrationId(id: string): string {
  const rest = id.startsWith(idPrefix) ? id.slice(idPrefix.length) : '';
  return shortId.test(rest) ? rest : id;
}

/** The URI of an id of v2. Throws BadRequest for a text that neither has 24 characters nor is a URI. */
export function registrationUri(id: string): string {
  if (id.length === 24) return idPrefix + id.toLowerCase();
  if (id.includes(':')) return id;
  throw badRequest('Invalid registration ID: bad length - 24 chars expected');
}

/** 24 hexadecimal digits, as clients cut them from Location and keep them in fields of this length. */
const newId = ({ services }: CallContext): string =>
  idPrefix + services.ids.next('ContextSourceRegistration').replace(/^.*:/, '').replaceAll('-', '').slice(0, 24);

/** A new registration. Throws BadRequest and NotImplemented. */
export function newV2Registration(body: JsonObject, call: CallContext): Registration {
  const { scope = '/' } = readWritePath(servicePathIn(call), false);
  const members = readV2Registration(body, scope, call.context);
  return readRegistration({ id: newId(call), members, createdAt: call.now, modifiedAt: call.now });
}

/** The header Fiware-ServicePath of the request. Undefined: it has none. */
function servicePathIn({ headers = {} }: Pick<CallContext, 'headers'>): string | undefined {
  const sent = headers['fiware-servicepath'];
  return sent === undefined || sent === '' ? undefined : String(sent);
}

/** The registration after a patch, of which each member replaces the old one. Throws BadRequest, and Unprocessable for one of NGSI-LD. */
export function patchV2Registration(registration: Registration, patch: JsonObject, call: CallContext): Registration {
  const { document, info } = registration;
  const before = showV2Registration(document.members, { forwarding: forwardingOf(registration), terms: call.context });
  if (!info.v2 || !before)
    throw new V2Problem('Unprocessable', 'A registration that was made by NGSI-LD can only be changed by NGSI-LD');
  if (Object.keys(patch).length === 0) throw badRequest('empty payload');
  const members = readV2Registration({ ...before, ...patch }, info.v2.servicePath, call.context);
  return readRegistration({ ...document, members, modifiedAt: call.now });
}

/** The registration as v2 shows it, with its counters. Undefined when v2 cannot say it. */
export function shownRegistration(registration: Registration, call: CallContext): JsonObject | undefined {
  const { document, id } = registration;
  const shown = showV2Registration(document.members, { forwarding: forwardingOf(registration), terms: call.context });
  if (!shown) return undefined;
  return { id: v2RegistrationId(id), ...withoutPassword(shown), ...forwardingInformation(id, call) };
}

/** What the source offers, in the words of v2. */
function forwardingOf({ info, operations }: Registration): ForwardingMode {
  if (info.v2) return info.v2.forwarding;
  const offers = (...names: readonly string[]): boolean => names.some((name) => operations.has(name));
  const isRead = offers('retrieveEntity', 'queryEntity', 'queryBatch');
  const isWritten = offers('updateAttrs', 'updateEntity', 'updateBatch', 'mergeEntity');
  if (isRead) return isWritten ? 'all' : 'query';
  return isWritten ? 'update' : 'none';
}

/** Absent until the source was asked. */
function forwardingInformation(id: string, { services, tenant }: CallContext): JsonObject {
  const counted = services.registrations.statistics(tenant, id);
  if (!counted) return {};
  const { timesSent, lastSuccess, lastFailure } = counted;
  const last = [lastSuccess, lastFailure]
    .flatMap((instant) => instant ?? [])
    .toSorted()
    .at(-1);
  return {
    forwardingInformation: {
      timesSent,
      ...time('lastForwarding', last),
      ...time('lastSuccess', lastSuccess),
      ...time('lastFailure', lastFailure),
    },
  };
}

const time = (name: string, instant: Instant | undefined): JsonObject =>
  instant === undefined ? {} : { [name]: dateText(instant) };

/** True when the request names no service path, or exactly that of the registration. */
export function isOfPath({ info }: Registration, call: CallContext): boolean {
  const path = servicePathIn(call) ?? '/#';
  return path === '/#' || path === info.v2?.servicePath;
}
