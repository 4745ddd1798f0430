/** Verifies access tokens (JWT) of the configured issuers. */
import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Identity } from '../../core/access/identity.ts';
import { instantOf, microsOfInstant } from '../../core/model/instant.ts';
import { Problem } from '../../core/model/problem.ts';
import type { Clock } from '../../core/port/clock.ts';
import type { Verifier } from './authenticator.ts';
import { type IssuerKeys, openIssuerKeys } from './issuer-keys.ts';
import type { Issuer } from './issuers.ts';
import { createVerifiedTexts } from './verified-texts.ts';

export interface TokenVerifier extends Verifier {
  close(): void;
}

export interface TokenVerifierOptions {
  readonly issuers: readonly Issuer[];
  readonly clock: Clock;
  /** Called when the keys of an issuer cannot be read. */
  readonly failed: (issuer: string, cause: unknown) => void;
  /** Milliseconds between renewals of keys. */
  readonly renewalMs?: number;
}

interface Trusted extends Issuer {
  readonly keys: IssuerKeys;
}

/** A verified token. */
interface Verified {
  readonly identity: Identity;
  /** In microseconds: until then it is not verified again. */
  readonly until: number;
}

/** A verified token is verified again after this time, so that a key that its issuer has withdrawn does not stay in use. */
const recheckMicros = 300_000_000;
/** The longest token. */
const lengthMax = 16_384;

export function createTokenVerifier({ issuers, clock, failed, renewalMs }: TokenVerifierOptions): TokenVerifier {
  const trusted = new Map<string, Trusted>(
    issuers.map((issuer) => [
      issuer.issuer,
      {
        ...issuer,
        keys: openIssuerKeys(issuer, {
          failed: (cause) => failed(issuer.issuer, cause),
          ...(renewalMs === undefined ? undefined : { renewalMs }),
        }),
      },
    ]),
  );
  const verified = createVerifiedTexts<Verified>();
  const nowMicros = (): number => microsOfInstant(clock.now());
  return {
    accepts: (text) => text.split('.').length === 3,
    known: (text) => {
      const found = verified.get(text);
      return found && { holder: () => (nowMicros() < found.until ? found.identity : undefined) };
    },
    async verify(text) {
      const issuer = trusted.get(issuerIn(text));
      if (!issuer || text.length > lengthMax) throw invalid('it is not a token of an issuer that this broker knows');
      const identity = identityOf(await payloadOf(text, issuer, clock), issuer);
      const ends = identity.expiresAt === undefined ? 0 : microsOfInstant(identity.expiresAt);
      verified.set(text, { identity, until: Math.min(ends, nowMicros() + recheckMicros) });
      return identity;
    },
    close: () => {
      for (const { keys } of trusted.values()) keys.close();
    },
  };
}

const invalid = (reason: string): Problem => new Problem('Unauthenticated', `The token is not valid: ${reason}.`);

/** The issuer that an unverified token names. It only selects the rules by which the token is verified. */
function issuerIn(text: string): string {
  try {
    return decodeJwt(text).iss ?? '';
  } catch {
    return '';
  }
}

async function payloadOf(text: string, issuer: Trusted, clock: Clock): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(text, issuer.keys.find, {
      issuer: issuer.issuer,
      audience: [...issuer.audience],
      algorithms: [...issuer.algorithms],
      clockTolerance: issuer.clockSkewSeconds,
      currentDate: new Date(clock.now()),
      requiredClaims: ['exp', 'sub'],
    });
    return payload;
  } catch (error) {
    throw error instanceof Problem ? error : problemOf(error);
  }
}

/** The signature is checked first: only the holder of a genuine token learns more than that it is not valid. */
function problemOf(error: unknown): Problem {
  if (error instanceof errors.JWTExpired) return invalid('it has expired');
  if (error instanceof errors.JWTClaimValidationFailed)
    return invalid(`its claim ${error.claim} is not what this broker accepts`);
  const isAway = !(error instanceof errors.JOSEError) || error instanceof errors.JWKSTimeout || isAnswerOfIssuer(error);
  return isAway
    ? new Problem('Unavailable', 'The issuer of the token cannot be reached now.', error)
    : invalid('its signature or form is wrong');
}

/** jose throws its general error when the issuer answers something else than keys. */
const isAnswerOfIssuer = ({ code }: errors.JOSEError): boolean => code === 'ERR_JOSE_GENERIC';

function identityOf(payload: JWTPayload, { issuer, roleClaims, roles, clockSkewSeconds }: Issuer): Identity {
  const { sub = '', exp = 0 } = payload;
  const values = roleClaims.flatMap((path) => valuesAt(payload, path));
  return {
    kind: 'token',
    subject: `token:${issuer}#${sub}`,
    roles: [...new Set(roles ? values.flatMap((value) => ownRoles(roles, value)) : values)],
    expiresAt: instantOf((exp + clockSkewSeconds) * 1_000_000),
  };
}

const ownRoles = (roles: NonNullable<Issuer['roles']>, value: string): readonly string[] =>
  Object.hasOwn(roles, value) ? (roles[value] ?? []) : [];

/** The texts at a path of a claim. A name of the path may contain dots, as clients of Keycloak may. */
function valuesAt(value: unknown, path: string): readonly string[] {
  if (path === '')
    return (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string');
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    if (path === name) return valuesAt(inner, '');
    return path.startsWith(`${name}.`) ? valuesAt(inner, path.slice(name.length + 1)) : [];
  });
}
