/** Forgets what history is not to be kept of, some subjects at a time. */
import { forgottenBefore } from '../../core/language/retention.ts';
import { scopeSeries } from '../../core/model/history.ts';
import type { Micros } from '../../core/model/instant.ts';
import type { Forgotten, RetentionSlice } from '../../core/port/store.ts';
import type { Archive, Series } from './archive.ts';

/** Subjects that one slice looks at. Subjects never go, so that their number tells where a slice ended. */
const subjectsMax = 1000;

/** Removes a slice of what is not to be kept, or counts it. */
export function forgetHistory(archive: Archive, { retention, isDryRun, after = '0' }: RetentionSlice): Forgotten {
  const subjects = archive.subjects();
  const end = Number(after) + subjectsMax;
  const instances: Record<string, number> = {};
  for (const { id, types, series } of subjects.slice(Number(after), end)) {
    for (const one of [...series.values()]) {
      const before = goingBefore(one, forgottenBefore(retention, { types, name: one.name }));
      const going = one.entries.filter(({ at }) => at < before).length;
      if (going > 0) instances[one.name] = (instances[one.name] ?? 0) + going;
      if (going > 0 && isDryRun !== true) archive.truncate(id, one, before);
    }
  }
  return { instances, ...(end < subjects.length ? { next: String(end) } : undefined) };
}

/** The scope that was set last before the bound holds still at that time, and stays. */
function goingBefore({ name, entries }: Series, bound: Micros | undefined): Micros {
  if (bound === undefined) return -Infinity;
  const last = name === scopeSeries ? entries.findLast(({ at }) => at < bound) : undefined;
  return last && last.instance.deletedAt === undefined ? last.at : bound;
}
