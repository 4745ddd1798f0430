/** Defines the collations that order texts (clause 4.23, RFC 6067). */
import { compareTexts } from './matches/matches-order.ts';

/** The root order of the Unicode Collation Algorithm, independent of a language. It is the default order of the standard. */
export const rootCollation = 'und-x-icu';

/** The name of the order by code point. It is not an ICU collation. */
export const codePointOrder = 'codepoint';

/** True for a language tag, such as `sl`, `de-u-co-phonebk` or `und-x-icu`. */
export function isCollation(tag: string): boolean {
  try {
    Intl.getCanonicalLocales(withoutSuffix(tag));
    return true;
  } catch {
    return false;
  }
}

/** Compares two texts by a collation, or by `codepoint`. The root rules apply to languages without their own rules. */
export function compareBy(collation: string): (a: string, b: string) => number {
  if (collation === codePointOrder) return compareTexts;
  const tag = withoutSuffix(collation);
  const isKnown = Intl.Collator.supportedLocalesOf(tag).length > 0;
  return new Intl.Collator(isKnown ? tag : inEnglish(tag)).compare;
}

/** Databases use this suffix for ICU collations. BCP 47 treats it as private use. */
const withoutSuffix = (tag: string): string => tag.replace(/-x-icu$/i, '');

/**
 * Intl.Collator uses the locale of the machine for the root. English uses the root rules unchanged, so it replaces the root; `-u-`
 * extensions stay.
 */
const inEnglish = (tag: string): string => `en${/-u-[a-z0-9-]*/i.exec(tag)?.[0] ?? ''}`;
