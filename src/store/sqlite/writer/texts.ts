/** Writes what crosses to the writer's thread as texts, long lists a part at a time so that this thread serves others in between. */
import type { YieldToEventLoop } from '../../../core/port/clock.ts';

/** The texts of parts of a list, each of a list. At once for a short one, unless a longer one that was asked for before is not done. */
export type Texts = (items: readonly object[]) => readonly string[] | Promise<readonly string[]>;

/** Items that make one text. */
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

/** Waiting for those that came before keeps the order. */
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
