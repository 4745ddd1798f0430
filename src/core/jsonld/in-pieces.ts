/** Long work that is written as one function and done piece by piece: it yields wherever it may be interrupted. */

/** Work that comes to a result, and can be interrupted where it yields. */
export type Pieces<T> = Generator<undefined, T, undefined>;

/** Called between pieces: undefined to go on, or a promise to wait for. */
export type Pause = () => Promise<void> | undefined;

/** The result, with pauses. Throws what the work throws. */
export async function inPieces<T>(work: Pieces<T>, pause: Pause): Promise<T> {
  for (let step = work.next(); ; step = work.next()) {
    if (step.done === true) return step.value;
    const rest = pause();
    if (rest) await rest;
  }
}

/** The result, without pauses. Throws what the work throws. */
export function atOnce<T>(work: Pieces<T>): T {
  for (let step = work.next(); ; step = work.next()) if (step.done === true) return step.value;
}

/** Goes through elements, and may be interrupted after each some hundred of them. */
export function* eachOf<T>(elements: Iterable<T>, visit: (element: T) => void): Pieces<void> {
  let count = 0;
  for (const element of elements) {
    visit(element);
    count += 1;
    if (count % 200 === 0) yield;
  }
}
