/** Long computations as generators: they yield at points where the event loop may run other work. */

/** A computation that returns a result, and may be interrupted where it yields. */
export type Interruptible<T> = Generator<undefined, T, undefined>;

/** Called between pieces: undefined to continue, or a promise to await. */
export type Pause = () => Promise<void> | undefined;

/** Pauses when other work is due. */
export async function restIfDue(pause: Pause): Promise<void> {
  const rest = pause();
  if (rest) await rest;
}

/** Runs a computation with pauses. Throws what it throws. */
export async function runWithPauses<T>(work: Interruptible<T>, pause: Pause): Promise<T> {
  for (let step = work.next(); ; step = work.next()) {
    if (step.done === true) return step.value;
    const rest = pause();
    if (rest) await rest;
  }
}

/** Runs a computation without pauses. Throws what it throws. */
export function runSync<T>(work: Interruptible<T>): T {
  for (let step = work.next(); ; step = work.next()) if (step.done === true) return step.value;
}

/** Visits all elements, and yields after every 200. */
export function* forEachInterruptible<T>(elements: Iterable<T>, visit: (element: T) => void): Interruptible<void> {
  let count = 0;
  for (const element of elements) {
    visit(element);
    count += 1;
    if (count % 200 === 0) yield;
  }
}
