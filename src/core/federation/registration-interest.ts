/** Tests registrations for a subscription to them, and shows them as it is notified of them (clauses 5.3.2, 5.11.7). Pure. */
import type { Terms } from '../model/entity.ts';
import type { Instant } from '../model/instant.ts';
import { isArray, type Json, type JsonObject } from '../model/json.ts';
import { Problem } from '../model/problem.ts';
import { readRegistration } from './read-registration.ts';
import { isExpired, type Registration, registrationIn } from './registration.ts';
import { compileConditions, type SourceConditions } from './registration-discovery.ts';
import { compileDemand, type Demand, isOtherDataset } from './registration-match.ts';
import { showRegistration } from './show-registration.ts';

/** Which registrations are asked for. */
export type RegistrationCondition = Demand & SourceConditions;

export interface RegistrationTest {
  /** The registration in a stored document, if there is one that matches at this time. */
  matching(stored: Json | undefined, at: Instant): Registration | undefined;
  matches(registration: Registration, at: Instant): boolean;
  /** The registration with the elements of `information` that match. */
  show(registration: Registration, terms: Terms): JsonObject;
}

export function compileRegistrationTest(condition: RegistrationCondition): RegistrationTest {
  const isAskedFor = compileDemand(condition);
  const isGood = compileConditions(condition, { isAbsentGood: false });
  const matches = (one: Registration, at: Instant): boolean =>
    !isExpired(one, at) && !isOtherDataset(one, condition) && one.information.some(isAskedFor) && isGood(one);
  return {
    matches,
    matching(stored, at) {
      const one = stored === undefined ? undefined : readable(stored);
      return one && matches(one, at) ? one : undefined;
    },
    show(registration, terms) {
      const { members } = registration.document;
      const { information } = members;
      const isShown = registration.information.map(isAskedFor);
      const kept = isArray(information) ? information.filter((_, n) => isShown[n] === true) : [];
      return showRegistration({ ...registration.document, members: { ...members, information: kept } }, terms);
    },
  };
}

/** A document that cannot be read, for example one of a later version, is no registration. */
function readable(stored: Json): Registration | undefined {
  try {
    return readRegistration(registrationIn(stored));
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}
