/** Turns the fragments of a request into stored instances and sets their creation and modification times (clause 4.8). */
import { type Attributes, type Fragment, type Fragments, type Instance, ngsildNull } from './attribute.ts';
import { instanceOf } from './dataset.ts';
import { compareInstants, type Instant } from './instant.ts';
import { badData } from './problem.ts';
import { sameInFull } from './same-content.ts';

/** The time of the write and the creation time of the owner (`Instance` explains which time stamps are left out). */
export interface Stamp {
  readonly at: Instant;
  readonly ownerCreatedAt: Instant;
}

/**
 * The instance that a complete fragment describes. It keeps the creation time of the instance that it replaces.
 * Members that the fragment deletes are left out. Throws BadRequestData when kind or value is missing.
 */
export function stampInstance(fragment: Fragment, previous: Instance | undefined, stamp: Stamp): Instance {
  const { kind, value, attrs, ...members } = fragment;
  if (kind === undefined || value === undefined)
    throw badData('An attribute that does not exist yet needs a type and a value.');
  const createdAt = previous ? (previous.createdAt ?? stamp.ownerCreatedAt) : stamp.at;
  return {
    kind,
    value,
    ...withoutNulls(members),
    ...(createdAt === stamp.ownerCreatedAt ? undefined : { createdAt }),
    ...(stamp.at === createdAt ? undefined : { modifiedAt: stamp.at }),
    ...(attrs ? stampInner(attrs, previous?.attrs, { at: stamp.at, ownerCreatedAt: createdAt }) : undefined),
  };
}

/** The sub-attributes as the member `attrs`; an empty object when none are left. */
function stampInner(fragments: Fragments, before: Attributes | undefined, stamp: Stamp): Pick<Instance, 'attrs'> {
  const attrs = stampAttributes(fragments, before, stamp);
  return Object.keys(attrs).length > 0 ? { attrs } : {};
}

type Metadata = Omit<Fragment, 'kind' | 'value' | 'attrs'>;

const withoutNulls = (members: Metadata): Metadata =>
  Object.values(members).includes(ngsildNull)
    ? Object.fromEntries(Object.entries(members).filter(([, member]) => member !== ngsildNull))
    : members;

/** Sub-attributes, made by `stampInstance`. Sub-attributes with the same content stay unchanged. */
function stampAttributes(fragments: Fragments, before: Attributes | undefined, stamp: Stamp): Attributes {
  const stamped: Record<string, readonly Instance[]> = {};
  for (const [name, instances] of Object.entries(fragments)) {
    const written = instances
      .filter(({ value }) => value !== ngsildNull)
      .map((fragment) => {
        const previous = instanceOf(before?.[name], fragment.datasetId);
        return previous && sameInFull(previous, fragment) ? previous : stampInstance(fragment, previous, stamp);
      });
    if (written.length > 0) stamped[name] = written;
  }
  return stamped;
}

/** True when both have an `observedAt` and the first is earlier. An instance without `observedAt` is never older. */
export const isOlder = (a: Fragment, b: Fragment): boolean =>
  a.observedAt !== undefined && b.observedAt !== undefined && compareInstants(a.observedAt, b.observedAt) < 0;
