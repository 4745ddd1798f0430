/** Stores when keys were used last. */
import type { Clock } from '../../core/port/clock.ts';
import type { DocumentCollection } from '../../core/port/store.ts';

/** A secret of a key, and whether it was used since its use was stored last. */
interface UsedSecret {
  readonly key: { readonly name: string };
  isUsed: boolean;
}

/** Writes are in groups, so that very many keys do not fill the queue of the store. */
const usesAtOnce = 500;

/** Stores the present time as the last use of the keys whose secrets were used, and marks these as not used. */
export async function noteUses(uses: DocumentCollection, secrets: readonly UsedSecret[], clock: Clock): Promise<void> {
  const used = secrets.filter(({ isUsed }) => isUsed);
  for (let start = 0; start < used.length; start += usesAtOnce) {
    const group = used.slice(start, start + usesAtOnce);
    for (const secret of group) secret.isUsed = false;
    await Promise.all(group.map(({ key }) => uses.put(key.name, { lastUsedAt: clock.now() })));
  }
}
