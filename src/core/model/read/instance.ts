/** Reads attribute instances, whole or in part: converts JSON to validated fragments with expanded names. */
import {
  type Fragment,
  type FragmentOrProblem,
  type Fragments,
  ngsildNull,
  type OpenMember,
  valueMember,
} from '../attribute.ts';
import { looksLikeGeometry } from '../geometry.ts';
import { isArray, isObject, type Json, type JsonObject } from '../json.ts';
import { badData, Problem } from '../problem.ts';
import { quoted } from './id.ts';
import {
  areInstances,
  isInstance,
  isPartMember,
  refuseWrongKind,
  saysNothing,
  detectKind,
  type DetectedAttribute,
} from './kind.ts';
import { isOutput, metadataReaders, readDataset, refuseMember, stampMembers } from './metadata.ts';
import { readAttributeName } from './name.ts';
import { below, type Reading } from './reading.ts';
import { readValue } from './value.ts';

/** The attributes of an entity or instance, by expanded name. */
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
  if (reading.isHistory === true && isArray(json) && json.some(isObject))
    return json.map((element) => readInstance(instanceIn(element, reading), iri, reading));
  if (!areInstances(json, reading)) return [readInstance(json, iri, reading)];
  return distinct(
    json.map((element) => readInstance(element, iri, reading)),
    reading,
  );
}

/** An object in an array of a history must be an instance; it cannot be a value (clause 4.5.6). */
function instanceIn(json: Json, { where }: Reading): JsonObject {
  if (isInstance(json)) return json;
  throw badData(`The ${where} must hold instances with a type and a value, not ${quoted(json)}.`);
}

/** The instances of one request. Throws BadRequestData when two of them have the same datasetId. */
function distinct(fragments: readonly Fragment[], reading: Reading): readonly Fragment[] {
  const datasets = new Set<string | undefined>();
  for (const { datasetId } of fragments) {
    if (datasets.has(datasetId))
      throw badData(
        datasetId === undefined
          ? `There can be one instance without datasetId in ${reading.where}.`
          : `The datasetId ${datasetId} is given twice in ${reading.where}.`,
      );
    datasets.add(datasetId);
  }
  return fragments;
}

/** In simplified form, a `dataset` object holds several instances, and an array is a value (clause 4.5.4). */
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
  if (reading.merge === 'all' && !reading.isSimplified && saysNothing(json)) return readUndecided(json, iri, reading);
  const typed = reading.isSimplified
    ? detectSimplified(json)
    : detectKind(json, { where: reading.where, isPart: false });
  return readChecked(iri, typed, reading);
}

function readChecked(iri: string, typed: DetectedAttribute, reading: Reading): Fragment {
  if (!reading.isSimplified) refuseWrongKind(iri, typed.kind, reading.where);
  refuseFaultyProof(iri, typed, reading);
  const fragment = readDetected(typed, reading);
  return reading.merge === 'all' && typed.isInferred === true ? { ...fragment, isInferred: true } : fragment;
}

/**
 * Reads an object in both ways, because the existing instance decides between them. If the object can only be parts of an instance, it is
 * read as parts.
 */
function readUndecided(json: JsonObject, iri: string, reading: Reading): Fragment {
  const members = Object.entries(json).filter(([name]) => !stampMembers.has(name));
  const isPart = ([name, member]: readonly [string, Json]): boolean => metadataReaders.has(name) || isAttribute(member);
  if (members.every(isPart) && members.some(([name]) => isPartMember(name)))
    return readDetected({ members: json }, reading);
  const asValue = (): Fragment => {
    if (members.some(([name]) => isPartMember(name))) throw badData(`The ${reading.where} needs a type and a value.`);
    return readChecked(iri, { kind: 'Property', json, members: {} }, reading);
  };
  return {
    ...('datasetId' in json ? readDataset(json['datasetId'] ?? null, reading) : undefined),
    undecided: {
      asParts: attempt(() => readDetected({ members: json }, reading)),
      asValue: attempt(asValue),
      hasParts: members.some(isPart),
      open: members.filter((member) => !isPart(member)).map(([name, member]) => openMember(name, member, reading)),
    },
  };
}

const isAttribute = (json: Json): boolean => (isArray(json) ? json.some(isInstance) : isInstance(json));

function openMember(name: string, json: Json, { terms }: Reading): OpenMember {
  const isNull = json === null || json === ngsildNull;
  const iri = attempted(() => readAttributeName(name, terms));
  return typeof iri === 'string' ? { name, iri, isNull } : { name, isNull };
}

function attempt(read: () => Fragment): FragmentOrProblem {
  const fragment = attempted(read);
  return fragment instanceof Problem ? { problem: fragment.report } : { fragment };
}

function attempted<T>(read: () => T): T | Problem {
  try {
    return read();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

/** In simplified form, only wrapped values and geometries identify their kind (clause 4.5.4). */
function detectSimplified(json: Json): DetectedAttribute {
  if (!isObject(json)) return { kind: 'Property', json, members: {} };
  const names = Object.keys(json);
  const isWrapped = names.length === 1 && ['languageMap', 'vocab', 'json'].includes(names[0] ?? '');
  const typed = isWrapped || looksLikeGeometry(json) ? detectKind(json, { where: '', isPart: false }) : undefined;
  return typed ?? { kind: 'Property', json, members: {} };
}

/** The value of a proof must be an object (clause 5.2.36). */
function refuseFaultyProof(iri: string, { json }: DetectedAttribute, { where }: Reading): void {
  if (!iri.endsWith('/ngsildproof') || json === undefined || json === ngsildNull || isObject(json)) return;
  throw badData(`The value of the ${where} must be an object, not ${quoted(json)}.`);
}

/**
 * Reads the body of a request on one attribute: one instance, or an array of instances. When the NGSI-LD Null is allowed, the instances can
 * be incomplete.
 */
export function readInstancesAlone(json: Json, iri: string, reading: Reading): readonly Fragment[] {
  const isPart = reading.nulls !== 'forbidden';
  const read = (one: Json): Fragment =>
    one === ngsildNull && isPart
      ? { value: ngsildNull }
      : readChecked(iri, detectKind(one, { where: reading.where, isPart }), reading);
  return areInstances(json, reading) ? distinct(json.map(read), reading) : [read(json)];
}

function readDetected(typed: DetectedAttribute, reading: Reading): Fragment {
  const { kind, json, members } = typed;
  const isWhole = reading.nulls === 'forbidden';
  if (json === undefined && isWhole)
    throw badData(
      `The ${reading.where} needs ${kind === undefined ? 'a type and a value' : `the member "${valueMember[kind]}"`}.`,
    );
  return {
    ...(kind === undefined ? undefined : { kind }),
    ...(json === undefined ? undefined : { value: readValue(kind ?? 'Property', json, reading) }),
    ...readMembers(typed, members, reading.isHistory === true ? besideValue(reading) : reading),
  };
}

/** In a history, only values can be deletions, and sub-attributes have no instances of other moments. */
const besideValue = ({ isHistory: _, ...reading }: Reading): Reading => ({ ...reading, nulls: 'forbidden' });

/** Sub-attributes are never in simplified form. They are merged whenever the instance that holds them stays. */
const inner = ({ merge, ...reading }: Reading): Reading => ({
  ...reading,
  isSimplified: false,
  ...(merge === undefined ? undefined : { merge: 'all' }),
});

/** Reads all members except kind and value. */
function readMembers({ kind }: DetectedAttribute, members: JsonObject, reading: Reading): Fragment {
  const rest: [string, Json][] = [];
  let fragment: Fragment = {};
  const ownValue = kind && valueMember[kind];
  for (const [name, json] of Object.entries(members)) {
    if (isOutput(name, json) || name === ownValue) continue;
    const read = metadataReaders.get(name);
    if (!read) {
      refuseMember(name, kind, reading);
      rest.push([name, json]);
    } else fragment = { ...fragment, ...read(json, kind, reading) };
  }
  return rest.length === 0 ? fragment : { ...fragment, attrs: readAttributes(rest, inner(reading)) };
}
