/**
 * Tells a new registration when the writes have ended that began before it. They did not find it, and may store information that its source
 * has for itself: the check for such information comes after them (clause 5.9.2.4).
 */
export interface WritesUnderWay {
  /** A write begins. The function that is returned ends it; when it is called again, it does nothing. */
  begin(): () => void;
  /** Resolves when all writes have ended that began before this call. */
  ended(): Promise<unknown>;
}

/** The writes that began between two calls of `ended`. */
interface Period {
  running: number;
  readonly isOver: Promise<undefined>;
  readonly end: () => void;
}

export function createWritesUnderWay(): WritesUnderWay {
  let period = newPeriod();
  let earlier: Promise<unknown> = Promise.resolve();
  return {
    begin() {
      const own = period;
      own.running += 1;
      let isEnded = false;
      return () => {
        if (isEnded) return;
        isEnded = true;
        own.running -= 1;
        if (own.running === 0 && own !== period) own.end();
      };
    },
    ended() {
      const own = period;
      period = newPeriod();
      if (own.running === 0) own.end();
      earlier = earlier.then(() => own.isOver);
      return earlier;
    },
  };
}

function newPeriod(): Period {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return { running: 0, isOver: promise, end: () => resolve(undefined) };
}
