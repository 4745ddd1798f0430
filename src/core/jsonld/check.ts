/** Checks a @context before it is stored, without loading the documents it refers to (CIM 009 clause 5.13.2). */
import type { Json } from '../model/json.ts';
import { compileContext } from './compile.ts';
import { restIfDue, runWithPauses, type Pause } from '../model/interruptible.ts';
import { gatherParts } from './gather.ts';
import type { TermTable } from './term-table.ts';

/**
 * Throws BadRequestData when a @context is not valid. `atHand` has the available documents by URL. A @context that needs others is not
 * compiled, because its terms may depend on theirs.
 */
export async function checkContext(
  value: Json,
  atHand: Readonly<Record<string, Json>>,
  { core, pause }: { readonly core: TermTable; readonly pause: Pause },
): Promise<void> {
  let missing = 0;
  const parts = await gatherParts(value, (url) => {
    if (Object.hasOwn(atHand, url)) return Promise.resolve(atHand[url] ?? null);
    missing += 1;
    return Promise.resolve({ '@context': {} });
  });
  await restIfDue(pause);
  if (missing === 0) await runWithPauses(compileContext(parts, core), pause);
}
