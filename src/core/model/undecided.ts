/** Decides what an object that tells neither kind nor value is in a merge: parts of the instance that it meets, or its value. */
import type { Attributes, Fragment, FragmentOrProblem, Fragments, Instance, Undecided } from './attribute.ts';
import { instanceOf } from './dataset.ts';
import { isObject } from './json.ts';
import { badData, Problem } from './problem.ts';

/**
 * The fragment, decided by the instance that it meets. Where there is none it is a value; where that is no Property, parts. Of a
 * Property it is parts when each member is an attribute, a known member or a sub-attribute that is there, a value when none is.
 * Throws BadRequestData for a mixture, and for what cannot be read as that which it is.
 */
export function decided(fragment: Fragment, before: Instance | undefined, where: string): Fragment {
  const { undecided, ...rest } = fragment;
  if (!undecided) return fragment;
  return { ...fragmentOf(before ? readingFor(undecided, before, where) : undecided.asValue), ...rest };
}

/** The fragments of some attributes, decided by those that are there. */
export const decidedAll = (fragments: Fragments, before: Attributes): Fragments =>
  Object.fromEntries(
    Object.entries(fragments).map(([name, given]) => [
      name,
      given.map((fragment) => decided(fragment, instanceOf(before[name], fragment.datasetId), name)),
    ]),
  );

function fragmentOf(read: FragmentOrProblem): Fragment {
  if ('fragment' in read) return read.fragment;
  throw new Problem(read.problem.type, read.problem.detail);
}

function readingFor(
  { asParts, asValue, hasParts, open }: Undecided,
  before: Instance,
  where: string,
): FragmentOrProblem {
  const isThere = (iri: string | undefined): boolean => iri !== undefined && before.attrs?.[iri] !== undefined;
  // A deletion means nothing to a value that has no members.
  const isIdle = (isNull: boolean): boolean => isNull && !isObject(before.value);
  const strangers = open.filter(({ iri, isNull }) => !isThere(iri) && !isIdle(isNull)).map(({ name }) => name);
  if (before.kind === 'GeoProperty' && strangers.includes('coordinates'))
    throw badData(`The coordinates of ${where} belong into its value.`);
  if (before.kind !== 'Property' || strangers.length === 0) return asParts;
  if (!hasParts && strangers.length === open.length) return asValue;
  throw badData(
    `The fragment of ${where} mixes parts of the attribute with ${strangers.join(', ')}, which is none: give a value as "value".`,
  );
}
