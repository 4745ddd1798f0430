/** Makes instances of fragments that say everything, as those of an entity that is created do. */
import type { Attributes, Fragment, Fragments, Instance } from '../attribute.ts';

/** The attributes of fragments. A fragment without kind or value is left out. */
export const instancesOf = (fragments: Fragments): Attributes =>
  Object.fromEntries(Object.entries(fragments).map(([name, list]) => [name, list.flatMap(instanceOf)]));

function instanceOf({ kind, value, attrs, ...rest }: Fragment): readonly Instance[] {
  if (kind === undefined || value === undefined) return [];
  const { isInferred: _isInferred, undecided: _undecided, ...metadata } = rest;
  return [{ ...metadata, kind, value, ...(attrs ? { attrs: instancesOf(attrs) } : undefined) }];
}
