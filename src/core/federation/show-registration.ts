/** Shows registrations as JSON without an @context (clause 5.2.9). */
import type { Terms } from '../model/entity.ts';
import type { JsonObject } from '../model/json.ts';
import type { RegistrationDocument } from './registration.ts';
import { mapRegistrationNames } from './registration-names.ts';
import { withoutSecrets } from './registration-secrets.ts';

export const registrationType = 'ContextSourceRegistration';

/** The registration in these terms. Secrets are masked unless `withSecrets` is true. */
export function showRegistration(
  { id, members }: Pick<RegistrationDocument, 'id' | 'members'>,
  terms: Terms,
  withSecrets = false,
): JsonObject {
  const compact = (iri: string): string => terms.compact(iri);
  const shown = withSecrets ? members : withoutSecrets(members);
  return { id, type: registrationType, ...mapRegistrationNames(shown, { type: compact, attr: compact }) };
}
