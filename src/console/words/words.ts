/** Finds the words of the chosen language. */
import { language } from '../data/session.ts';
import { aggregateWords } from './aggregates.ts';
import { commonWords } from './common.ts';
import { dashboardWords } from './dashboard.ts';
import { entityWords } from './entity.ts';
import { exploreWords } from './explore.ts';
import { importWords } from './import.ts';
import { operateWords } from './operate.ts';
import { publishWords } from './publish.ts';

const words = {
  ...commonWords,
  ...entityWords,
  ...operateWords,
  ...dashboardWords,
  ...exploreWords,
  ...publishWords,
  ...importWords,
  ...aggregateWords,
};

export type Word = keyof typeof words;

export const say = (word: Word): string => words[word][language.value === 'sl' ? 0 : 1];

/** The words for a name that the broker uses; the name itself when there are none. */
export function sayName(known: Readonly<Record<string, Word>>, name: string): string {
  const word = Object.hasOwn(known, name) ? known[name] : undefined;
  return word === undefined ? name : say(word);
}
