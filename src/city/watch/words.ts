/** Says in words what is wrong with a series. */
import type { JsonObject } from '../../core/model/json.ts';
import type { Check, Finding } from './detect/checks.ts';

interface Words {
  readonly en: (what: string, value: string, range: string) => string;
  readonly sl: (what: string, value: string, range: string) => string;
}

const words: Readonly<Record<Check, Words>> = {
  range: {
    en: (what, value, range) => `${what} is ${value}, which is outside ${range}.`,
    sl: (what, value, range) => `${what} je ${value}, kar je zunaj območja ${range}.`,
  },
  rate: {
    en: (what, value, range) => `${what} jumped to ${value}; ${range} was to be expected.`,
    sl: (what, value, range) => `${what} je skočil na ${value}; pričakovano je bilo ${range}.`,
  },
  flatLine: {
    en: (what, value) => `${what} stays at ${value} for unusually long.`,
    sl: (what, value) => `${what} nenavadno dolgo ostaja pri ${value}.`,
  },
  silence: {
    en: (what) => `${what} is not reported any more.`,
    sl: (what) => `Za ${what} ni več podatkov.`,
  },
  duplicateTime: {
    en: (what, value) => `${what} was reported twice for the same time, with ${value}.`,
    sl: (what, value) => `${what} je za isti čas prišel dvakrat, z vrednostjo ${value}.`,
  },
  futureTime: {
    en: (what, value) => `${what} was reported as ${value} for a time that has not come yet.`,
    sl: (what, value) => `${what} je prišel z vrednostjo ${value} za čas, ki ga še ni.`,
  },
  history: {
    en: (what, value, range) => `${what} is ${value}; at this hour of the week ${range} is usual.`,
    sl: (what, value, range) => `${what} je ${value}; ob tej uri tedna je običajno ${range}.`,
  },
  neighbours: {
    en: (what, value, range) => `${what} is ${value}, and ${range} is usual, while the neighbours are as usual.`,
    sl: (what, value, range) => `${what} je ${value}, običajno je ${range}, sosednji merilniki pa so kot običajno.`,
  },
};

/** The description of an alert, in both languages. `what`: the name of the attribute. */
export function describe(finding: Finding, what: string, value: number): JsonObject {
  const { en, sl } = words[finding.check];
  const range = rangeText(finding);
  return { en: en(what, String(value), range), sl: sl(what, String(value), range) };
}

function rangeText({ low, high }: Finding): string {
  if (low !== undefined && high !== undefined) return `${low} … ${high}`;
  return low === undefined ? `≤ ${high ?? '?'}` : `≥ ${low}`;
}
