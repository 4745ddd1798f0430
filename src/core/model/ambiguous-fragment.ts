/** Decides how a merge reads an object that identifies neither kind nor value: as parts of the existing instance, or as its value. */
import type { Attributes, Fragment, FragmentOrProblem, Fragments, Instance, AmbiguousFragment } from './attribute.ts';
import { instanceOf } from './dataset.ts';
import { isObject } from './json.ts';
import { badData, Problem } from './problem.ts';

/**
 * The fragment, read according to the existing instance. Without an existing instance it is a value. When the existing instance is not a
 * Property, it is parts. For a Property it is parts when each member is an attribute, a known member or an existing sub-attribute, and a
 * value when none is. Throws BadRequestData for a mixture, and when the object is not valid in the chosen reading.
 */
export function resolveFragment(fragment: Fragment, before: Instance | undefined, where: string): Fragment {
  const { undecided, ...rest } = fragment;
  if (!undecided) return fragment;
  return { ...fragmentOf(before ? readingFor(undecided, before, where) : undecided.asValue), ...rest };
}

/** The fragments of some attributes, decided by the existing attributes. */
export const decidedAll = (fragments: Fragments, before: Attributes): Fragments =>
  Object.fromEntries(
    Object.entries(fragments).map(([name, given]) => [
      name,
      given.map((fragment) => resolveFragment(fragment, instanceOf(before[name], fragment.datasetId), name)),
    ]),
  );

function fragmentOf(read: FragmentOrProblem): Fragment {
  if ('fragment' in read) return read.fragment;
  throw new Problem(read.problem.type, read.problem.detail);
}

function readingFor(
  { asParts, asValue, hasParts, open }: AmbiguousFragment,
  before: Instance,
  where: string,
): FragmentOrProblem {
  const isThere = (iri: string | undefined): boolean => iri !== undefined && before.attrs?.[iri] !== undefined;
  // A deletion has no effect on a value without members.
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
