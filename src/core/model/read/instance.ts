/** Reads attribute instances, whole or in part: what JSON says of them becomes fragments, checked and expanded. */
import { type Fragment, type Fragments, type Kind, mayHave, ngsildNull, valueMember } from '../attribute.ts';
import { looksLikeGeometry } from '../geometry.ts';
import { isArray, isObject, isStrings, type Json, type JsonObject } from '../json.ts';
import { badData } from '../problem.ts';
import { quoted, readId } from './id.ts';
import { isInstance, tell, type Told } from './kind.ts';
import { readAttributeName } from './name.ts';
import { below, type Reading } from './reading.ts';
import { readTime } from './time.ts';
import { readValue } from './value.ts';

const valueMembers: ReadonlySet<string> = new Set(Object.values(valueMember));
/** Members that only the broker writes: ignored, so that what was read can be written back (clause 4.8). */
const output = new Set([
  'type',
  '@type',
  'createdAt',
  'modifiedAt',
  'deletedAt',
  'instanceId',
  'entity',
  'entityList',
  'lang',
]);

/** Attributes of an entity or instance, by expanded name. */
export function readAttributes(members: Iterable<readonly [string, Json]>, reading: Reading): Fragments {
  const fragments: Record<string, readonly Fragment[]> = {};
  for (const [name, json] of members) {
    const iri = readAttributeName(name, reading.terms);
    if (iri in fragments) throw badData(`The attribute ${iri} is given twice.`);
    fragments[iri] = readInstances(json, iri, below(reading, name));
  }
  return fragments;
}

/** The instances of one attribute: one, or an array of them that differ in `datasetId`. */
function readInstances(json: Json, iri: string, reading: Reading): readonly Fragment[] {
  if (reading.isSimplified) return readSimplified(json, iri, reading);
  if (!isArray(json) || !json.some(isInstance)) return [readInstance(json, iri, reading)];
  const fragments = json.map((element) => readInstance(element, iri, reading));
  if (reading.isHistory === true) return fragments;
  const datasets = fragments.map(({ datasetId }) => datasetId);
  const twice = datasets.find((dataset, index) => datasets.indexOf(dataset) !== index);
  if (twice !== undefined) throw badData(`The datasetId ${twice} is given twice in ${reading.where}.`);
  if (datasets.filter((dataset) => dataset === undefined).length > 1)
    throw badData(`There can be one instance without datasetId in ${reading.where}.`);
  return fragments;
}

/** In simplified form several instances stand in a `dataset`; an array is a value (clause 4.5.4). */
function readSimplified(json: Json, iri: string, reading: Reading): readonly Fragment[] {
  if (!isObject(json) || !isObject(json['dataset']) || Object.keys(json).length !== 1)
    return [readInstance(json, iri, reading)];
  return Object.entries(json['dataset']).map(([dataset, value]) => ({
    ...readInstance(value, iri, reading),
    ...readDataset(dataset, reading),
  }));
}

function readInstance(json: Json, iri: string, reading: Reading): Fragment {
  if ((json === null || json === ngsildNull) && reading.nulls !== 'forbidden') return { value: ngsildNull };
  const told = reading.isSimplified ? tellSimplified(json) : tell(json, { where: reading.where, isPart: false });
  refuseWrongKind(iri, told, reading);
  refuseFaultyProof(iri, told, reading);
  return readTold(told, reading);
}

/** In simplified form only wrapped values and geometries tell their kind (clause 4.5.4). */
function tellSimplified(json: Json): Told {
  if (!isObject(json)) return { kind: 'Property', json, members: {} };
  const names = Object.keys(json);
  const isWrapped = names.length === 1 && ['languageMap', 'vocab', 'json'].includes(names[0] ?? '');
  const told = isWrapped || looksLikeGeometry(json) ? tell(json, { where: '', isPart: false }) : undefined;
  return told ?? { kind: 'Property', json, members: {} };
}

const geoNames = new Set(
  ['location', 'observationSpace', 'operationSpace'].map((name) => `https://uri.etsi.org/ngsi-ld/${name}`),
);

function refuseWrongKind(iri: string, { kind }: Told, { where, isSimplified }: Reading): void {
  if (geoNames.has(iri) && kind !== undefined && kind !== 'GeoProperty' && !isSimplified) {
    throw badData(`The ${where} must be a GeoProperty, not a ${kind}.`);
  }
}

/** The value of a proof is an object (clause 5.2.36). */
function refuseFaultyProof(iri: string, { json }: Told, { where }: Reading): void {
  if (!iri.endsWith('/ngsildproof') || json === undefined || json === ngsildNull || isObject(json)) return;
  throw badData(`The value of the ${where} must be an object, not ${quoted(json)}.`);
}

/** The fragment of an attribute that stands alone, as the body of a request on it. `isPart`: it need not be whole. */
export function readFragmentAlone(json: Json, reading: Reading, isPart: boolean): Fragment {
  if (json === ngsildNull && reading.nulls !== 'forbidden') return { value: ngsildNull };
  return readTold(tell(json, { where: reading.where, isPart }), reading);
}

function readTold(told: Told, reading: Reading): Fragment {
  const { kind, json, members } = told;
  const isWhole = reading.nulls === 'forbidden';
  if (json === undefined && isWhole)
    throw badData(`The ${reading.where} needs a ${kind === undefined ? 'type and a value' : valueMember[kind]}.`);
  return {
    ...(kind === undefined ? undefined : { kind }),
    ...(json === undefined ? undefined : { value: readValue(kind ?? 'Property', json, reading) }),
    ...readMembers(told, members, reading),
  };
}

/** Everything but kind and value. */
function readMembers({ kind }: Told, members: JsonObject, reading: Reading): Fragment {
  const rest: [string, Json][] = [];
  let fragment: Fragment = {};
  const ownValue = kind && valueMember[kind];
  for (const [name, json] of Object.entries(members)) {
    if (output.has(name) || name === ownValue) continue;
    const read = metadataReaders.get(name);
    if (!read) {
      refuseMember(name, kind, reading);
      rest.push([name, json]);
    } else fragment = { ...fragment, ...read(json, kind, reading) };
  }
  return rest.length === 0
    ? fragment
    : { ...fragment, attrs: readAttributes(rest, { ...reading, isSimplified: false }) };
}

/** Members that mean something else than a sub-attribute, but not here. */
function refuseMember(name: string, kind: Kind | undefined, { where }: Reading): void {
  if (valueMembers.has(name) || name.startsWith('previous'))
    throw badData(`A ${kind ?? 'fragment'} cannot have a ${name}: ${where}.`);
  if (name === '@context') throw badData(`The ${where} must not hold an @context.`);
}

type ReadMember = (json: Json, kind: Kind | undefined, reading: Reading) => Fragment;

/** A map, because a sub-attribute may well be named `constructor`. */
const metadataReaders: ReadonlyMap<string, ReadMember> = new Map(
  Object.entries<ReadMember>({
    datasetId: (json, _kind, reading) => readDataset(json, reading),
    observedAt: (json, _kind, reading) => ({ observedAt: readTime(json, 'observedAt', reading) }),
    expiresAt: (json, _kind, reading) => ({ expiresAt: readTime(json, 'expiresAt', reading) }),
    unitCode: (json, kind, reading) => ({
      unitCode: readText(
        json,
        { member: 'unitCode', isAllowed: kind === undefined || mayHave(kind, 'unitCode') },
        reading,
      ),
    }),
    objectType: readObjectType,
    valueType: readValueType,
    entityIdSealed: (json, _kind, reading) => ({ entityIdSealed: readSealed(json, 'entityIdSealed', reading) }),
    entityTypeSealed: (json, _kind, reading) => ({
      entityTypeSealed: reading.terms.expand(readSealed(json, 'entityTypeSealed', reading)),
    }),
  }),
);

function readDataset(json: Json, { where }: Reading): Fragment {
  return json === '@none' ? {} : { datasetId: readId(json, `the datasetId of ${where}`) };
}

function readText(
  json: Json,
  { member, isAllowed }: { member: string; isAllowed: boolean },
  { where, nulls }: Reading,
): string {
  if (!isAllowed) throw badData(`The ${where} cannot have a ${member}.`);
  if (json === null && nulls !== 'forbidden') return ngsildNull;
  if (json === ngsildNull && nulls === 'forbidden')
    throw badData(`The NGSI-LD Null is not allowed here: ${member} of ${where}.`);
  if (typeof json !== 'string' || json === '')
    throw badData(`The ${member} of ${where} must be a string, not ${quoted(json)}.`);
  return json;
}

function readObjectType(json: Json, kind: Kind | undefined, reading: Reading): Fragment {
  if (kind !== undefined && !mayHave(kind, 'objectType'))
    throw badData(`The ${reading.where} is no relationship and cannot have an objectType.`);
  if (isStrings(json) && json.length > 0) return { objectType: json.map((type) => reading.terms.expand(type)) };
  const text = readText(json, { member: 'objectType', isAllowed: true }, reading);
  return { objectType: text === ngsildNull ? text : reading.terms.expand(text) };
}

function readValueType(json: Json, kind: Kind | undefined, reading: Reading): Fragment {
  const isAllowed = kind === undefined || mayHave(kind, 'valueType');
  const text = readText(json, { member: 'valueType', isAllowed }, reading);
  if (kind === 'LanguageProperty' && text !== ngsildNull && !/(?:^|[#:/])langString$/.test(text)) {
    throw badData(`The valueType of the LanguageProperty ${reading.where} must be langString, not ${quoted(json)}.`);
  }
  return { valueType: text === ngsildNull ? text : reading.terms.expand(text) };
}

/** Sealed members stand in a proof only (clause 5.2.36). */
function readSealed(json: Json, member: string, reading: Reading): string {
  if (!/(?:^|\.| )ngsildproof$/.test(reading.where))
    throw badData(`Only an ngsildproof can have ${member}, not ${reading.where}.`);
  return readText(json, { member, isAllowed: true }, reading);
}
