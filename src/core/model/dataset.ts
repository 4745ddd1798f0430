/** Finds the instances of an attribute by their `datasetId`, in a time that does not grow with how many there are (clause 4.5.5). */
import type { Fragment } from './attribute.ts';

/** Lists of this length are searched from the beginning; for longer ones an index is made once. */
const searchedMax = 8;

type Instances = readonly Fragment[];

/** Lists never change, so that an index holds for as long as its list is there. */
const indexes = new WeakMap<Instances, ReadonlyMap<string | undefined, number>>();

/** The instance of a dataset, the first where there are several; without `datasetId`, the default instance. */
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

/** The instances by dataset, in their order: one that is set again keeps its place, a new one comes last. */
export const byDataset = <T extends Fragment>(instances: readonly T[] | undefined): Map<string | undefined, T> =>
  new Map(instances?.map((one) => [one.datasetId, one]));
