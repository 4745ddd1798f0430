/** Reads the list of issuers whose tokens the broker accepts. */
import { isArray, isObject, type Json, type JsonObject } from '../../core/model/json.ts';

/** An OpenID Connect issuer, and what its tokens must say. */
export interface Issuer {
  /** Exactly the `iss` of its tokens. */
  readonly issuer: string;
  /** A token must be for one of them (`aud`). */
  readonly audience: readonly string[];
  /** Where its keys are. Absent: found by discovery. */
  readonly jwksUri?: string;
  /** Algorithms of signatures. Only public keys are used. */
  readonly algorithms: readonly string[];
  /** How far the clock of the issuer may be from that of the broker. */
  readonly clockSkewSeconds: number;
  /** Paths of the claims that have roles or groups, such as `realm_access.roles`. */
  readonly roleClaims: readonly string[];
  /** Roles of the broker by values of these claims. Absent: each value is the name of a role. */
  readonly roles?: Readonly<Record<string, readonly string[]>>;
}

const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
/** Where Keycloak has the roles of a realm and, by its mapper, groups. Others have `roles`. */
const usualClaims = ['realm_access.roles', 'roles', 'groups'];
const skewMax = 600;

const members = ['issuer', 'audience', 'jwksUri', 'algorithms', 'clockSkewSeconds', 'roleClaims', 'roles'];

/** Throws an Error that names the wrong member. */
export function readIssuers(json: Json): readonly Issuer[] {
  if (!isArray(json)) throw new Error('The issuers must be a JSON array of objects.');
  const issuers = json.map((one, index) => readIssuer(one, `issuer ${index + 1}`));
  const names = issuers.map(({ issuer }) => issuer);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`The issuer ${twice} is in the list twice.`);
  return issuers;
}

function readIssuer(json: Json, where: string): Issuer {
  if (!isObject(json)) throw new Error(`The ${where} must be an object.`);
  const unknown = Object.keys(json).find((name) => !members.includes(name));
  if (unknown !== undefined)
    throw new Error(`The ${where} has an unknown member ${unknown}. There are: ${members.join(', ')}.`);
  const { jwksUri, roles } = json;
  return {
    issuer: readUrl(json['issuer'], `issuer of the ${where}`),
    audience: textsIn(json, 'audience', where),
    ...(jwksUri === undefined ? undefined : { jwksUri: readUrl(jwksUri, `jwksUri of the ${where}`) }),
    algorithms: json['algorithms'] === undefined ? algorithms : readAlgorithms(json, where),
    clockSkewSeconds: readSkew(json['clockSkewSeconds'], where),
    roleClaims: json['roleClaims'] === undefined ? usualClaims : textsIn(json, 'roleClaims', where),
    ...(roles === undefined ? undefined : { roles: readRoles(roles, where) }),
  };
}

/** Tokens are as safe as the way by which the keys come: plain HTTP is for this machine only. */
function readUrl(value: Json | undefined, what: string): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  const isLocal = url?.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (typeof value === 'string' && url && (url.protocol === 'https:' || isLocal)) return value;
  throw new Error(`The ${what} must be an https URL, or an http URL of this machine.`);
}

function textsIn(json: JsonObject, member: string, where: string): readonly string[] {
  const value = json[member];
  const all = typeof value === 'string' ? [value] : value;
  if (isArray(all) && all.length > 0 && all.every((text): text is string => typeof text === 'string' && text !== ''))
    return all;
  throw new Error(`The ${member} of the ${where} must be a text or an array of texts.`);
}

function readAlgorithms(json: JsonObject, where: string): readonly string[] {
  const chosen = textsIn(json, 'algorithms', where);
  const unknown = chosen.find((name) => !algorithms.includes(name));
  if (unknown === undefined) return chosen;
  throw new Error(`The ${where} has the algorithm ${unknown}. There are: ${algorithms.join(', ')}.`);
}

function readSkew(value: Json | undefined, where: string): number {
  if (value === undefined) return 30;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= skewMax) return value;
  throw new Error(`The clockSkewSeconds of the ${where} must be a whole number from 0 to ${skewMax}.`);
}

function readRoles(json: Json, where: string): Readonly<Record<string, readonly string[]>> {
  if (!isObject(json)) throw new Error(`The roles of the ${where} must be an object of claim value to role.`);
  return Object.fromEntries(Object.keys(json).map((value) => [value, textsIn(json, value, `roles of the ${where}`)]));
}
