/** Reads context source registrations (clause 5.2.9) into the form that is matched with requests. */
import { parseDuration } from '../language/duration.ts';
import type { Instance } from '../model/attribute.ts';
import type { Entity } from '../model/entity.ts';
import { readGeometry } from '../model/geometry.ts';
import { type Interval, microsOf, microsOfInstant } from '../model/instant.ts';
import { isObject, isStrings, type Json, type JsonObject, stringsOf } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { readFragment } from '../model/read/entity.ts';
import { quoted } from '../model/read/id.ts';
import { readNames, readText } from '../model/read/json-member.ts';
import { instancesOf } from '../model/read/instances.ts';
import { inMember } from '../model/read/member.ts';
import { readTime } from '../model/read/time.ts';
import { isScope } from '../model/scope.ts';
import type { V2Source } from '../model/v2/source.ts';
import { defaultOperations, isOperationName, operationsOf } from './operation-names.ts';
import { readInformation } from './read-information.ts';
import { readEndpoint, readHandling, readSourceInfo } from './read-source.ts';
import { expandedTerms } from './expanded-terms.ts';
import {
  type Information,
  type Mode,
  modes,
  type Registration,
  type RegistrationDocument,
  spaces,
} from './registration.ts';
import { isStandardMember } from './registration-names.ts';

/** The registration of a document. Throws BadRequestData that names the faulty member. */
export function readRegistration(document: RegistrationDocument): Registration {
  const { id, members } = document;
  for (const name of ['registrationName', 'description']) readText(members, name);
  const mode = readMode(members['mode']);
  const information = readInformation(members['information']);
  const info = readSourceInfo(members['contextSourceInfo']);
  const operations = operationsOf(readOperations(members, mode));
  refuseUnfit(mode, information, operations);
  if (info.v2 && mode !== 'auxiliary') throw badData('The mode of a source of NGSI v2 must be auxiliary.');
  return {
    document,
    id,
    mode,
    operations: info.v2 && !isReadBy(info.v2) ? new Set() : operations,
    information,
    endpoint: readEndpoint(members['endpoint']),
    spaces: readSpaces(members),
    handling: readHandling(members),
    info,
    described: describe(document),
    ...readLimits(members),
  };
}

/** A source of NGSI v2 that only takes updates, or is inactive, is not asked for entities. */
const isReadBy = ({ forwarding, isActive }: V2Source): boolean =>
  isActive && (forwarding === 'all' || forwarding === 'query');

/** The optional members that limit when a source is asked. */
function readLimits(members: JsonObject): Partial<Registration> {
  const { expiresAt, refreshRate, scope } = members;
  if (refreshRate !== undefined && (typeof refreshRate !== 'string' || !parseDuration(refreshRate)))
    throw badData(`The refreshRate must be a duration of ISO 8601 such as PT1H, not ${quoted(refreshRate)}.`);
  const limits = {
    tenant: readTenant(members),
    alias: readText(members, 'contextSourceAlias'),
    expires:
      expiresAt === undefined
        ? undefined
        : microsOfInstant(readTime(expiresAt, 'expiresAt', { where: 'the registration', nulls: 'forbidden' })),
    datasetIds: readNames(members, 'datasetId'),
    scopes: scope === undefined ? undefined : readScopes(scope),
    observationInterval: readInterval(members, 'observationInterval'),
    managementInterval: readInterval(members, 'managementInterval'),
  };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

function readMode(json: Json | undefined): Mode {
  if (json === undefined) return 'inclusive';
  const mode = modes.find((one) => one === json);
  if (mode === undefined) throw badData(`The mode of a registration must be ${modes.join(', ')}, not ${quoted(json)}.`);
  return mode;
}

/** An auxiliary source only answers: it offers nothing else by default. */
function readOperations(members: JsonObject, mode: Mode): readonly string[] {
  const initial = mode === 'auxiliary' ? ['retrieveOps'] : defaultOperations;
  const names = readNames(members, 'operations') ?? initial;
  const unknown = names.find((name) => !isOperationName(name));
  if (unknown !== undefined)
    throw badData(
      `The operations of a registration must be names of operations or groups such as retrieveOps, not ${quoted(unknown)}.`,
    );
  return names;
}

const auxiliaryOperations = new Set(['retrieveEntity', 'queryEntity']);

/** Exclusive registrations are of single entities and attributes. Auxiliary ones only answer (clause 4.3.6.3). */
function refuseUnfit(mode: Mode, information: readonly Information[], operations: ReadonlySet<string>): void {
  if (mode === 'exclusive') {
    const isWhole = ({ entities, attrs }: Information): boolean =>
      attrs !== undefined && entities !== undefined && entities.every(({ id }) => id !== undefined);
    if (!information.every(isWhole))
      throw badData(
        'Each information of a registration in the mode exclusive needs entities with an id, and attribute names.',
      );
  }
  const other = [...operations].find((name) => !auxiliaryOperations.has(name));
  if (mode === 'auxiliary' && other !== undefined)
    throw badData(
      `The operations of a registration in the mode auxiliary can be retrieveOps, retrieveEntity and queryEntity, not ${other}.`,
    );
}

function readSpaces(members: JsonObject): Registration['spaces'] {
  return Object.fromEntries(
    spaces.flatMap((name) =>
      members[name] === undefined ? [] : [[name, readGeometry(members[name], `${name} of a registration`)]],
    ),
  );
}

function readTenant(members: JsonObject): string | undefined {
  const tenant = readText(members, 'tenant');
  if (tenant === undefined || /^[^\p{C}\p{Z}]{1,255}$/u.test(tenant)) return tenant;
  throw badData(`The tenant of a registration must be 1 to 255 visible characters, not ${quoted(tenant)}.`);
}

function readScopes(json: Json): readonly string[] {
  const scopes = typeof json === 'string' || isStrings(json) ? stringsOf(json) : [];
  if (scopes.length > 0 && scopes.every(isScope)) return scopes;
  throw badData(
    `The scope of a registration must be a scope such as /Madrid or an array of scopes, not ${quoted(json)}.`,
  );
}

/** `{startAt, endAt}`; without an end it is open (clause 5.2.11). */
function readInterval(members: JsonObject, name: string): Interval | undefined {
  const json = members[name];
  if (json === undefined) return undefined;
  const { startAt, endAt } = isObject(json) ? json : {};
  const from = typeof startAt === 'string' ? microsOf(startAt) : undefined;
  const to = endAt === undefined ? Infinity : typeof endAt === 'string' ? microsOf(endAt) : undefined;
  if (from !== undefined && to !== undefined && from <= to) return { from, to };
  throw badData(`The ${name} must have a time startAt, and may have a later time endAt, not ${quoted(json)}.`);
}

/** The registration as an entity: Context Source Properties, and standard members that are a single text. */
function describe({ id, members, createdAt, modifiedAt }: RegistrationDocument): Entity {
  const own = Object.fromEntries(Object.entries(members).filter(([name]) => !isStandardMember(name)));
  const { attrs } = inMember('the Context Source Properties', () =>
    readFragment(own, expandedTerms, { id, nulls: 'forbidden' }),
  );
  const texts: Record<string, readonly Instance[]> = {};
  for (const [name, value] of Object.entries(members))
    if (isStandardMember(name) && typeof value === 'string')
      texts[`https://uri.etsi.org/ngsi-ld/${name}`] = [{ kind: 'Property', value }];
  return {
    id,
    types: ['https://uri.etsi.org/ngsi-ld/ContextSourceRegistration'],
    createdAt,
    modifiedAt,
    attrs: { ...texts, ...instancesOf(attrs) },
  };
}
