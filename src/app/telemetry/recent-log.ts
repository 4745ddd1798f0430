/** Keeps the lines of the log of the last hour in memory, for administrators who do not reach the machine. */

/** How long a line is kept, in milliseconds. */
const keptMs = 3_600_000;
/** Lines that are kept at most. A line has at most a few kilobytes, because its texts are shortened. */
const linesMax = 2000;

export interface RecentLog {
  /** `line` is JSON. */
  readonly add: (line: string) => void;
  /** The lines, oldest first. */
  readonly lines: () => readonly string[];
}

/** `now` gives milliseconds of a clock that is never set back. */
export function createRecentLog(now: () => number = () => performance.now()): RecentLog {
  let kept: { readonly at: number; readonly line: string }[] = [];
  const drop = (): void => {
    const oldest = now() - keptMs;
    const first = kept.findIndex(({ at }) => at > oldest);
    kept = first < 0 ? [] : kept.slice(Math.max(first, kept.length - linesMax));
  };
  return {
    add(line) {
      kept.push({ at: now(), line: line.trimEnd() });
      // Dropping at twice the number keeps it rare.
      if (kept.length >= 2 * linesMax) drop();
    },
    lines() {
      drop();
      return kept.map(({ line }) => line);
    },
  };
}
