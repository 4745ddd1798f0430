/** Serializes lists for the writer's thread. Long lists are serialized in parts, so that this thread serves others in between. */
import type { YieldToEventLoop } from '../../../core/port/clock.ts';

/** The texts of the parts of a list. Returned at once for a short list, unless an earlier list is still in progress. */
export type Texts = (items: readonly object[]) => readonly string[] | Promise<readonly string[]>;

/** Items per part. */
const partMax = 32;

export function createTexts(yieldToEventLoop: YieldToEventLoop): Texts {
  let before: Promise<unknown> | undefined;
  return (items) => {
    if (!before && items.length <= partMax) return [JSON.stringify(items)];
    const texts = writeAfter(before, items, yieldToEventLoop);
    const done = texts.finally(() => {
      if (before === done) before = undefined;
    });
    before = done;
    return texts;
  };
}

/** Waits for the earlier lists, to keep the order. */
async function writeAfter(
  before: Promise<unknown> | undefined,
  items: readonly object[],
  yieldToEventLoop: YieldToEventLoop,
): Promise<readonly string[]> {
  await before;
  const texts: string[] = [];
  for (let start = 0; start < items.length; start += partMax) {
    texts.push(JSON.stringify(items.slice(start, start + partMax)));
    const pause = yieldToEventLoop();
    if (pause) await pause;
  }
  return texts;
}
