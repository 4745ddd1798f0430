/** Lets so many things be under way at a time; the others wait for their turn, in order. */

export interface Slots {
  /** Runs it when there is room. */
  within<T>(run: () => Promise<T>): Promise<T>;
}

export function createSlots(most: number): Slots {
  const waiting: (() => void)[] = [];
  let free = most;
  return {
    async within(run) {
      if (free > 0) free -= 1;
      else
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
      try {
        return await run();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else free += 1;
      }
    },
  };
}
