/** The records of the change log of registrations, which subscriptions to registrations follow (clause 5.11.7). Pure. */
import type { AttributeChange, Change } from '../model/change.ts';
import type { Instance } from '../model/attribute.ts';
import { type Instant, isInstant } from '../model/instant.ts';
import { isObject, isStrings, type Json } from '../model/json.ts';
import { unreadable } from '../model/problem.ts';
import type { LogRecord, Position } from '../port/store.ts';

/** What happened to a registration, or that a subscription began while registrations matched it already. */
export type RegistrationChange =
  | {
      readonly id: string;
      readonly at: Instant;
      /** The stored document (`registrationIn`). Absent: it was created. */
      readonly before?: Json;
      /** Absent: it was deleted. */
      readonly after?: Json;
    }
  /** `id` is that of the subscription, `matching` those of the registrations. */
  | { readonly id: string; readonly at: Instant; readonly matching: readonly string[] };

/** The change as JSON, for a collection. */
export function registrationChangeJson(change: RegistrationChange): Json {
  const { id, at } = change;
  if ('matching' in change) return { id, at, matching: change.matching };
  return {
    id,
    at,
    ...(change.before === undefined ? undefined : { before: change.before }),
    ...(change.after === undefined ? undefined : { after: change.after }),
  };
}

const type = 'https://uri.etsi.org/ngsi-ld/ContextSourceRegistration';
/** The names of the attributes that carry the content of a record. */
const [content, beginning] = ['registration', 'matching'];

/** The record of a stored change: an entity without attributes, and one change of an attribute. Throws ResourceNotFound for other JSON. */
export function registrationRecord(json: Json, position: Position): LogRecord {
  const { id, at, before, after, matching } = isObject(json) ? json : {};
  if (typeof id !== 'string' || !isInstant(at)) throw unreadable('A change of a registration');
  const change: AttributeChange =
    matching === undefined
      ? { name: content, event: 'updated', ...instanceOf('before', before), ...instanceOf('after', after) }
      : { name: beginning, event: 'updated', ...instanceOf('after', matching) };
  return {
    position,
    id,
    at,
    event: 'updated',
    entity: { id, types: [type], createdAt: at, attrs: {} },
    attrs: [change],
    scopeChanged: false,
  };
}

const instanceOf = (
  name: 'before' | 'after',
  value: Json | undefined,
): { readonly [Name in typeof name]?: Instance } =>
  value === undefined ? {} : { [name]: { kind: 'JsonProperty', value } };

/** The change that `registrationRecord` made a record of. */
export function registrationChangeIn({ id, at, attrs }: Change): RegistrationChange {
  const [{ name, before, after } = { name: '' }] = attrs;
  if (name === beginning) return { id, at, matching: isStrings(after?.value) ? after.value : [] };
  return {
    id,
    at,
    ...(before ? { before: before.value } : undefined),
    ...(after ? { after: after.value } : undefined),
  };
}
