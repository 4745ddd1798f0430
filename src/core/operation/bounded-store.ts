/** Adds to every write of a request the broker's limits, which the store checks the resulting entity against, and the correlator. */
import type { Store } from '../port/store.ts';
import type { Caller, Limits } from './operation.ts';

/**
 * A store that refuses a write when the resulting entity would have more than `attributesMax` attributes, and whose changes have the
 * correlator of the request, if it brought one.
 */
export function boundStore(store: Store, { attributesMax, correlator }: Bounds): Store {
  const added = { attributesMax, ...(correlator === undefined ? undefined : { correlator }) };
  return {
    ...store,
    apply: (writes, at) =>
      store.apply(
        writes.map((write) => ({ ...write, ...added })),
        at,
      ),
  };
}

type Bounds = Pick<Limits, 'attributesMax'> & Pick<Caller, 'correlator'>;
