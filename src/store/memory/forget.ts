/** Forgets what history is not to be kept of, some subjects at a time. */
import { boundsFor } from '../../core/language/retention.ts';
import { scopeSeries } from '../../core/model/history.ts';
import type { Micros } from '../../core/model/instant.ts';
import type { Forgotten, RetentionSlice } from '../../core/port/store.ts';
import type { Archive, Series } from './archive.ts';

/** Subjects that one slice looks at. Subjects never go, so that their number tells where a slice ended. */
const subjectsMax = 1000;

/** Removes a slice of what is not to be kept, or counts it. */
export function forgetHistory(archive: Archive, slice: RetentionSlice): Forgotten {
  const { isDryRun, after = '0' } = slice;
  const subjects = archive.subjects();
  const end = Number(after) + subjectsMax;
  const instances: Record<string, number> = {};
  for (const { id, types, series } of subjects.slice(Number(after), end)) {
    for (const one of [...series.values()]) {
      const bounds = boundsFor(slice, { types, name: one.name });
      const before = goingBefore(one, bounds.instances);
      const going = one.entries.filter(({ at }) => at < before).length;
      if (going > 0) instances[one.name] = (instances[one.name] ?? 0) + going;
      if (isDryRun !== true) archive.truncate(id, one, { ...bounds, instances: before });
    }
  }
  return { instances, ...(end < subjects.length ? { next: String(end) } : undefined) };
}

/** The scope that was set last before the bound holds still at that time, and stays. */
function goingBefore({ name, entries }: Series, bound: Micros): Micros {
  const last = name === scopeSeries ? entries.findLast(({ at }) => at < bound) : undefined;
  return last && last.instance.deletedAt === undefined ? last.at : bound;
}
