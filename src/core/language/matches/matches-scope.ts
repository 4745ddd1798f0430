/** Tests whether scopes match a scope query (clause 4.19). */
import type { ScopePattern, ScopeQuery } from '../filter.ts';
import { countSteps } from '../step-count.ts';

/** The number of steps per comparison of a pattern with a scope. */
const scopeSteps = 20;

/** True when each pattern of one part of the query matches some scope. An entity without a scope never matches. */
export function matchesScopes({ anyOf }: ScopeQuery, scope: string | readonly string[] | undefined): boolean {
  if (scope === undefined) return false;
  const isMet = (pattern: ScopePattern): boolean => {
    if (typeof scope === 'string') return covers(pattern, scope);
    countSteps(scopeSteps * scope.length);
    return scope.some((one) => covers(pattern, one));
  };
  return anyOf.some(({ allOf }) => allOf.every(isMet));
}

/** Compares level by level without copying, because this runs for every entity of a query. */
function covers({ levels, deep }: ScopePattern, scope: string): boolean {
  let at = scope.startsWith('/') ? 1 : 0;
  for (const level of levels) {
    if (at > scope.length) return false;
    const slash = scope.indexOf('/', at);
    const end = slash === -1 ? scope.length : slash;
    const isSame = level === '+' || (end - at === level.length && scope.startsWith(level, at));
    if (!isSame) return false;
    at = end + 1;
  }
  return deep || at > scope.length;
}
