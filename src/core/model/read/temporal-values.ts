/** Reads the simplified temporal representation (CIM 009 clause 4.5.9): converts pairs of value and time to instances. */
import { type Kind, kinds, listMember, valueMember, wrappedKinds } from '../attribute.ts';
import { isArray, isObject, type Json, type JsonObject } from '../json.ts';
import { badData } from '../problem.ts';
import { quoted } from './id.ts';

/** Members of an entity that are the same in every representation. */
const plain = new Set(['id', '@id', 'type', '@type', '@context', 'scope']);

/**
 * The normalized representation of an entity whose attributes are series. The other members of a series, such as `unitCode` and
 * `datasetId`, apply to all its pairs. Throws BadRequestData that names an invalid pair.
 */
export function unfoldSeries(json: Json): Json {
  if (!isObject(json)) return json;
  return Object.fromEntries(
    Object.entries(json).map(([name, member]) => [name, plain.has(name) ? member : instancesOf(member, name)]),
  );
}

const instancesOf = (json: Json, name: string): Json =>
  (isArray(json) ? json : [json]).flatMap((series) => instancesOfSeries(series, name));

function instancesOfSeries(series: Json, name: string): readonly JsonObject[] {
  const { type = 'Property', ...members } = isObject(series) ? series : {};
  const kind = kinds.find((one) => one === type);
  if (!kind) throw badData(`The type of ${name} must be one of ${kinds.join(', ')}, not ${quoted(type)}.`);
  const { [listMember[kind]]: pairs, ...common } = members;
  if (!isArray(pairs)) throw badData(`The ${name} needs ${listMember[kind]}: a list of pairs of value and time.`);
  return pairs.map((pair, index) => {
    if (!isArray(pair) || pair.length !== 2 || typeof pair[1] !== 'string')
      throw badData(`${listMember[kind]}[${index}] of ${name} must be a pair of value and time, not ${quoted(pair)}.`);
    const [value = null, observedAt = null] = pair;
    return { type, [valueMember[kind]]: unwrapped(value, kind), ...common, observedAt };
  });
}

const unwrapped = (value: Json, kind: Kind): Json =>
  wrappedKinds.has(kind) && isObject(value) ? (value[valueMember[kind]] ?? value) : value;
