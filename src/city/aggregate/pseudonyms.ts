/** The pseudonyms of subjects in release histories: makes them, finds those of a subject, and erases them. */
import { createHmac, randomBytes } from 'node:crypto';
import type { JsonObject } from '../../core/model/json.ts';
import type { SubjectPseudonyms } from '../../core/port/subject-pseudonyms.ts';
import type { Store } from '../../core/port/store.ts';
import { attributesWithHistory, changePart, partOf, saltOf, subjectIn } from './stored-history.ts';

/** The length of a pseudonym. */
const length = 22;

/** The pseudonym of a subject in a history with this key. */
export const pseudonymOf = (salt: string, subject: string): string =>
  createHmac('sha256', salt).update(subject).digest('base64url').slice(0, length);

/** A pseudonym that nobody can compute, in the same part. */
const randomPseudonym = (before: string): string =>
  before.slice(0, 1) +
  randomBytes(length)
    .toString('base64url')
    .slice(0, length - 1);

/** Where a subject may be: the pseudonym that it has in each history of a tenant. */
async function* pseudonymsIn(store: Store, id: string): AsyncGenerator<{ key: string; pseudonym: string }> {
  for (const attribute of await attributesWithHistory(store)) {
    const salt = await saltOf(store, attribute);
    if (salt === undefined) continue;
    const pseudonym = pseudonymOf(salt, id);
    yield { key: partOf(attribute, pseudonym), pseudonym };
  }
}

/**
 * An erased subject gets a random pseudonym: its usual value then belongs to nobody. Without the value, the next totals minus those before would
 * tell it.
 */
export const aggregatePseudonyms: SubjectPseudonyms = {
  async find(store, id) {
    const found: JsonObject[] = [];
    for await (const { key, pseudonym } of pseudonymsIn(store, id)) {
      const document = await subjectIn(store, key, pseudonym);
      if (document !== undefined) found.push({ publishedAttribute: key.slice(0, key.lastIndexOf(' ')), document });
    }
    return found;
  },
  async erase(store, id) {
    for await (const { key, pseudonym } of pseudonymsIn(store, id))
      await changePart(store, key, (part) => {
        if (!Object.hasOwn(part, pseudonym)) return part;
        const { [pseudonym]: known = null, ...others } = part;
        return { ...others, [randomPseudonym(pseudonym)]: known };
      });
  },
};
