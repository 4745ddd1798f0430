/** Creates the document of a registration from a request, and patches it (clauses 5.5.8, 5.9.2, 5.9.3). */
import { readRegistration } from '../../federation/read-registration.ts';
import {
  isExpired,
  type Registration,
  type RegistrationDocument,
  registrationOutputs,
} from '../../federation/registration.ts';
import { mapRegistrationNames, withPresentLists } from '../../federation/registration-names.ts';
import { withSecretsOf } from '../../federation/registration-secrets.ts';
import { registrationType } from '../../federation/show-registration.ts';
import { ngsildNull } from '../../model/attribute.ts';
import type { Json, JsonObject } from '../../model/json.ts';
import { badData } from '../../model/problem.ts';
import { quoted, readId } from '../../model/read/id.ts';
import { readAttributeName, readTypeName } from '../../model/read/name.ts';
import { refuseTooManyNames } from '../../model/read/name-count.ts';
import type { CallContext } from '../operation.ts';

/** A new registration. Throws BadRequestData that names the faulty member. */
export function newRegistration(body: JsonObject, call: CallContext): Registration {
  const id =
    body['id'] === undefined
      ? call.services.ids.next('ContextSourceRegistration')
      : readId(body['id'], 'the id of the registration');
  if (body['type'] !== registrationType)
    throw badData(`The type of a registration must be "${registrationType}", not ${quoted(body['type'])}.`);
  const nothing = Object.keys(body).find((name) => isNull(body[name]));
  if (nothing !== undefined) throw badData(`The NGSI-LD Null is not allowed here: ${nothing}.`);
  const members = withSecretsOf(expandMembers(body, call), {});
  return unexpired({ id, members, createdAt: call.now, modifiedAt: call.now }, call);
}

/** The registration after a patch: a given member replaces the old one, a null removes it. */
export function patchRegistration(document: RegistrationDocument, patch: JsonObject, call: CallContext): Registration {
  if (patch['id'] !== undefined && patch['id'] !== document.id)
    throw badData(`The id of a registration cannot change; it is ${document.id}, not ${quoted(patch['id'])}.`);
  if (patch['type'] !== undefined && patch['type'] !== registrationType)
    throw badData(`The type of a registration must be "${registrationType}", not ${quoted(patch['type'])}.`);
  const all = Object.entries(patch);
  const given = Object.fromEntries(all.filter(([, json]) => !isNull(json)));
  const removed = Object.keys(expandMembers(Object.fromEntries(all.filter(([, json]) => isNull(json))), call));
  const kept = Object.entries(document.members).filter(([name]) => !removed.includes(name));
  const members = {
    ...Object.fromEntries(kept),
    ...withSecretsOf(expandMembers(given, call), document.members),
  };
  return unexpired({ ...document, members, modifiedAt: call.now }, call);
}

const isNull = (json: Json | undefined): boolean => json === null || json === ngsildNull;

function unexpired(document: RegistrationDocument, { now }: CallContext): Registration {
  const registration = readRegistration(document);
  if (isExpired(registration, now))
    throw badData(`The expiresAt of the registration is in the past: ${quoted(document.members['expiresAt'])}.`);
  return registration;
}

const notKept = new Set(['id', 'type', '@context', ...registrationOutputs]);

/** The members to store, with names expanded. */
function expandMembers(json: JsonObject, { context, services }: CallContext): JsonObject {
  refuseTooManyNames(json, services.limits);
  const kept = Object.entries(withPresentLists(json)).filter(([name]) => !notKept.has(name));
  return mapRegistrationNames(Object.fromEntries(kept), {
    type: (name) => readTypeName(name, context),
    attr: (name) => readAttributeName(name, context),
  });
}
