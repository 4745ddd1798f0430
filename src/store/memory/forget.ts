/** Deletes history past its retention period, some subjects at a time. */
import { boundsFor } from '../../core/language/retention.ts';
import { scopeSeries } from '../../core/model/history.ts';
import type { Micros } from '../../core/model/instant.ts';
import type { Forgotten, RetentionSlice } from '../../core/port/store.ts';
import type { Archive, Series } from './archive.ts';

/** Subjects per slice. The index of a subject marks the end of a slice: one that follows an erased one is perhaps left to the next run. */
const subjectsMax = 1000;

/** Removes one slice, or counts what it would remove. */
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

/** The last scope before the bound still holds at the bound, and stays. */
function goingBefore({ name, entries }: Series, bound: Micros): Micros {
  const last = name === scopeSeries ? entries.findLast(({ at }) => at < bound) : undefined;
  return last && last.instance.deletedAt === undefined ? last.at : bound;
}
