/** Lets one thread at a time do work on shared memory. */

/** What the number in the shared memory says. */
const [free, taken, awaited] = [0, 1, 2];

/** How often a thread looks whether the mutex is free before it sleeps: work under it takes about a microsecond. */
const looksMax = 100;

/** Returns the function that runs work while no other thread with the same memory does. `word`: one number, at first 0. */
export function createMutex(word: Int32Array<SharedArrayBuffer>): <T>(work: () => T) => T {
  const lock = (): void => {
    for (let look = 0; look < looksMax; look += 1) if (Atomics.compareExchange(word, 0, free, taken) === free) return;
    while (Atomics.exchange(word, 0, awaited) !== free) Atomics.wait(word, 0, awaited);
  };
  const unlock = (): void => {
    if (Atomics.exchange(word, 0, free) === awaited) Atomics.notify(word, 0, 1);
  };
  return (work) => {
    lock();
    try {
      return work();
    } finally {
      unlock();
    }
  };
}
