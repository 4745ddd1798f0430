/** Selects one language of a LanguageProperty (CIM 009 clause 4.15; ranges as in RFC 4647 and RFC 3282). */
import { isObject, type Json } from '../model/json.ts';
import { badData } from '../model/problem.ts';

/** Language ranges, most preferred first. Ranges with weight 0 are left out. */
export type LanguagePreference = readonly string[];

const range = /^\s*(\*|@none|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*([0-9.]+)\s*)?$/;

/** Parses a preference such as `fr-CH,fr;q=0.9,*;q=0.5`. Throws BadRequestData when it is malformed. */
export function parseLanguagePreference(text: string): LanguagePreference {
  const weighed = text.split(',').map((part) => {
    const found = range.exec(part);
    const weight = Number(found?.[2] ?? '1');
    if (!found?.[1] || !(weight >= 0 && weight <= 1)) {
      throw badData(
        `The language preference must be tags with weights, such as sl,en;q=0.5, not ${JSON.stringify(text)}.`,
      );
    }
    return { tag: found[1], weight };
  });
  const wanted = weighed.filter(({ weight }) => weight > 0);
  return wanted.sort((a, b) => b.weight - a.weight).map(({ tag }) => tag);
}

/** The best matching entry of a language map. Without a match: `@none` if present, else the first entry. */
export function chooseLanguage(
  map: Json,
  preference: LanguagePreference,
): { readonly lang: string; readonly value: Json } {
  const entries = isObject(map) ? Object.entries(map) : [];
  for (const wanted of preference) {
    const found = wanted === '*' ? undefined : bestOf(entries, wanted.toLowerCase());
    if (found) return { lang: found[0], value: found[1] };
  }
  const [lang, value] = entries.find(([tag]) => tag === '@none') ?? entries[0] ?? ['@none', ''];
  return { lang, value };
}

/** The same tag, else the longest tag that is a prefix of the range, else a tag that the range is a prefix of. */
function bestOf(entries: readonly (readonly [string, Json])[], wanted: string): readonly [string, Json] | undefined {
  const shorter = entries.filter(([tag]) => wanted === tag.toLowerCase() || wanted.startsWith(`${tag.toLowerCase()}-`));
  const [closest] = shorter.sort(([a], [b]) => b.length - a.length);
  return closest ?? entries.find(([tag]) => tag.toLowerCase().startsWith(`${wanted}-`));
}
