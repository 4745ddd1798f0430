/** API keys as documents of a collection: names, roles, and hashes of the secrets. No document contains a secret. */
import { type Instant, isInstant, microsOf, microsOfInstant } from '../model/instant.ts';
import { isArray, isObject, type Json, type JsonObject } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { quoted } from '../model/read/id.ts';

/** The collection of the default tenant that has a document of each key, by the name of the key. */
export const keyCollection = 'accessKeys';
/** The collection of the default tenant that has the time of the last use of each key, by the name of the key. */
export const keyUseCollection = 'accessKeyUses';

/** One secret of a key. A key has two of them while a rotation overlaps. */
export interface KeySecret {
  /** Public. It is a part of the text of the key, and finds the secret without a search. */
  readonly id: string;
  /** The slow hash of the secret, with its parameters. */
  readonly hash: string;
  readonly createdAt: Instant;
  /** When a rotation ends this secret. Absent: it is the current one. */
  readonly endsAt?: Instant;
}

/** A key as it is stored: whoever has one of its secrets has its roles. */
export interface AccessKey {
  readonly name: string;
  readonly roles: readonly string[];
  readonly createdAt: Instant;
  /** When the key ends with all its secrets. Absent: never. */
  readonly expiresAt?: Instant;
  readonly secrets: readonly KeySecret[];
}

/** What an administrator asks for. */
export type NewAccessKey = Pick<AccessKey, 'name' | 'roles' | 'expiresAt'>;

/** A key as administrators see it, without hashes. */
export interface DescribedKey extends Omit<AccessKey, 'secrets'> {
  /** Accurate to about a minute. Absent: it was never used. */
  readonly lastUsedAt?: Instant;
  /** The ids of the secrets, and when each ends. */
  readonly secrets: readonly Omit<KeySecret, 'hash'>[];
}

const namePattern = /^[A-Za-z0-9][\w.@-]{0,63}$/;
const rolesMax = 20;

/** Checks the name of a key or role. Throws BadRequestData. */
export function readAccessName(value: Json | undefined, what: string): string {
  if (typeof value === 'string' && namePattern.test(value)) return value;
  throw badData(
    `${what} must be a text of 1 to 64 letters, digits and the characters . _ - @ that begins with a letter or digit, not ${quoted(value ?? null)}.`,
  );
}

/** Reads the body of a request for a key. `now`: an expiry must be later. Throws BadRequestData that names the member. */
export function readNewKey(body: Json | undefined, now: Instant): NewAccessKey {
  if (!isObject(body)) throw badData('A key is a JSON object with name, roles and perhaps expiresAt.');
  const unknown = Object.keys(body).find((member) => !['name', 'roles', 'expiresAt'].includes(member));
  if (unknown !== undefined)
    throw badData(`A key has no member ${quoted(unknown)}. There are: name, roles, expiresAt.`);
  const expiresAt = readExpiry(body['expiresAt'], now);
  return {
    name: readAccessName(body['name'], 'name'),
    roles: readRoles(body['roles']),
    ...(expiresAt === undefined ? undefined : { expiresAt }),
  };
}

function readRoles(value: Json | undefined): readonly string[] {
  if (!isArray(value) || value.length === 0 || value.length > rolesMax)
    throw badData(`roles must be an array of 1 to ${rolesMax} names of roles.`);
  return [...new Set(value.map((role) => readAccessName(role, 'Each of roles')))];
}

function readExpiry(value: Json | undefined, now: Instant): Instant | undefined {
  if (value === undefined) return undefined;
  const ends = typeof value === 'string' ? microsOf(value) : undefined;
  if (typeof value === 'string' && ends !== undefined && ends > microsOfInstant(now)) return value;
  throw badData(`expiresAt must be a time in the future such as 2030-01-31T00:00:00Z, not ${quoted(value)}.`);
}

/** The key as a document. */
export const accessKeyJson = ({ name, roles, createdAt, expiresAt, secrets }: AccessKey): JsonObject => ({
  name,
  roles,
  createdAt,
  ...(expiresAt === undefined ? undefined : { expiresAt }),
  secrets: secrets.map(({ endsAt, ...secret }) => ({ ...secret, ...(endsAt === undefined ? undefined : { endsAt }) })),
});

/** The key in a document. Undefined when it cannot be read: such a key opens nothing. */
export function accessKeyIn(document: Json | undefined): AccessKey | undefined {
  if (!isObject(document)) return undefined;
  const { name, roles, createdAt, expiresAt, secrets } = document;
  if (typeof name !== 'string' || !isInstant(createdAt) || !isArray(roles) || !isArray(secrets)) return undefined;
  if (expiresAt !== undefined && !isInstant(expiresAt)) return undefined;
  return {
    name,
    roles: roles.filter((role) => typeof role === 'string'),
    createdAt,
    ...(expiresAt === undefined ? undefined : { expiresAt }),
    secrets: secrets.flatMap((secret) => secretIn(secret) ?? []),
  };
}

function secretIn(value: Json): KeySecret | undefined {
  if (!isObject(value)) return undefined;
  const { id, hash, createdAt, endsAt } = value;
  if (typeof id !== 'string' || typeof hash !== 'string' || !isInstant(createdAt)) return undefined;
  if (endsAt !== undefined && !isInstant(endsAt)) return undefined;
  return { id, hash, createdAt, ...(endsAt === undefined ? undefined : { endsAt }) };
}

/** The key without its hashes. */
export const describedKey = ({ secrets, ...key }: AccessKey, lastUsedAt?: Instant): DescribedKey => ({
  ...key,
  ...(lastUsedAt === undefined ? undefined : { lastUsedAt }),
  secrets: secrets.map(({ hash: _, ...secret }) => secret),
});

/** The key with one more secret. Its present secrets end at `endsAt`, those that have ended by `now` are removed. */
export function rotatedKey(
  key: AccessKey,
  fresh: KeySecret,
  { now, endsAt }: { readonly now: Instant; readonly endsAt: Instant },
): AccessKey {
  const [present, end] = [microsOfInstant(now), microsOfInstant(endsAt)];
  const old = key.secrets.flatMap((secret) => {
    const ends = Math.min(end, secret.endsAt === undefined ? Infinity : microsOfInstant(secret.endsAt));
    return ends <= present ? [] : [{ ...secret, endsAt: ends === end ? endsAt : (secret.endsAt ?? endsAt) }];
  });
  return { ...key, secrets: [...old, fresh] };
}
