/** Finds an instance of an attribute by its `datasetId` in constant time (clause 4.5.5). */
import type { Fragment } from './attribute.ts';

/** Lists up to this length are searched linearly. Longer lists get an index. */
const searchedMax = 8;

type Instances = readonly Fragment[];

/** Lists are immutable, so an index is valid as long as its list exists. */
const indexes = new WeakMap<Instances, ReadonlyMap<string | undefined, number>>();

/** The instance with this `datasetId`, or the first of several. Without `datasetId`, the default instance. */
export function instanceOf<T extends Fragment>(
  instances: readonly T[] | undefined,
  datasetId: string | undefined,
): T | undefined {
  if (!instances || instances.length <= searchedMax) return instances?.find((one) => one.datasetId === datasetId);
  const place = indexOf(instances).get(datasetId);
  return place === undefined ? undefined : instances[place];
}

function indexOf(instances: Instances): ReadonlyMap<string | undefined, number> {
  const known = indexes.get(instances);
  if (known) return known;
  const index = new Map(instances.map(({ datasetId }, place) => [datasetId, place] as const).reverse());
  indexes.set(instances, index);
  return index;
}

/** The instances by `datasetId`, in their order. Setting an existing key keeps its position; a new key comes last. */
export const byDataset = <T extends Fragment>(instances: readonly T[] | undefined): Map<string | undefined, T> =>
  new Map(instances?.map((one) => [one.datasetId, one]));
