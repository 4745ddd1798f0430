/** Writes warnings about sources that did not answer as they should (clause 6.3.17). */
import type { SourceAnswer } from '../port/sources.ts';
import type { Registration } from './registration.ts';

/** 110: from a cache; 111: the answer cannot be used; 199: no answer, or a loop; 299: the source answered with an error. */
type WarningCode = 110 | 111 | 199 | 299;

/** The value of a header NGSILD-Warning. Characters that cannot stand in a quoted text of a header are left out. */
export const warning = (code: WarningCode, agent: string, text: string): string =>
  `${code} ${agent} "${text.replace(/[^\x20-\x7e]|["\\]/g, '').slice(0, 200)}"`;

/** How a warning names the source: by its alias, or by its host. */
export const agentOf = ({ alias, endpoint }: Pick<Registration, 'alias' | 'endpoint'>): string =>
  (alias ?? /^https?:\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(endpoint)?.[1] ?? '').replace(/[^\x21-\x7e]|[",]/g, '') ||
  'source';

/** The warning about an answer, of which `isGood` says whether it can be used. A source without the entity or tenant is no problem. */
export function warningOf(registration: Registration, answer: SourceAnswer, isGood: boolean): string | undefined {
  const agent = agentOf(registration);
  if (answer.kind === 'unanswered') return warning(199, agent, answer.reason);
  const { status } = answer;
  if (status === 404) return undefined;
  if (status < 200 || status >= 300) return warning(299, agent, `The source answered with status ${status}.`);
  return isGood ? undefined : warning(111, agent, 'The answer of the source is not valid.');
}

/** The warning about an earlier answer that was used again (clause 6.3.17). */
export const cachedWarning = (registration: Registration): string =>
  warning(110, agentOf(registration), 'An earlier answer of the source was used.');

export const isCachedWarning = (text: string): boolean => text.startsWith('110 ');

/** Most warnings of a source that are passed on, and the longest. */
const passedMax = 10;
const lengthMax = 300;

/** The warnings with which a source answered, about sources of its own. */
export const warningsIn = (header: string | undefined): readonly string[] =>
  (header?.match(/\b(?:110|111|199|299) [^\s",]+ "[\x20\x21\x23-\x5b\x5d-\x7e]*"/g) ?? [])
    .filter((one) => one.length <= lengthMax)
    .slice(0, passedMax);
