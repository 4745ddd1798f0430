/** Says by which rules texts are ordered (clause 4.23, RFC 6067). */
import { compareTexts } from './matches/matches-order.ts';

/** The order of the Unicode Collation Algorithm, of no language in particular: what the standard orders texts by initially. */
export const rootCollation = 'und-x-icu';

/** The name of the order by code point, which is no collation of ICU's. */
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

/** The comparison of two texts by a collation, or by `codepoint`. Languages without rules of their own have those of the root. */
export function compareBy(collation: string): (a: string, b: string) => number {
  if (collation === codePointOrder) return compareTexts;
  const tag = withoutSuffix(collation);
  const isKnown = Intl.Collator.supportedLocalesOf(tag).length > 0;
  return new Intl.Collator(isKnown ? tag : inEnglish(tag)).compare;
}

/** Databases name the collations of ICU so; to BCP 47 it is a private use. */
const withoutSuffix = (tag: string): string => tag.replace(/-x-icu$/i, '');

/** Collators take the language of the machine for the root, whose rules English has as they are; `-u-` and what follows stays. */
const inEnglish = (tag: string): string => `en${/-u-[a-z0-9-]*/i.exec(tag)?.[0] ?? ''}`;
