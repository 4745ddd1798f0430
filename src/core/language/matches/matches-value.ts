/** Compiles the operators of `q` to tests of values, by the kind of attribute (clause 4.9). */
import type { Instance } from '../../model/attribute.ts';
import { isArray, isObject, type Json } from '../../model/json.ts';
import type { Query, QValue } from '../filter.ts';
import { compareWith } from './matches-order.ts';
import { compilePattern } from '../pattern/pattern.ts';
import { countSteps } from '../step-count.ts';

/** The result of a path in one value: no value found, values found but none passes the test, or a value passes. */
type Found = 'nothing' | 'something' | 'match';

/** The compiled test of one term. */
export interface ValueTest {
  /** Tests one value that is not an array. */
  readonly passes: (value: Json) => boolean;
  /** The number of steps per value. */
  readonly steps: number;
  /** Whether a result fulfils the term. `!=` needs a value that does not pass. */
  readonly isMet: (found: Found) => boolean;
  /** Relationships can only be equal or different; they have no order and no text. */
  readonly isForUris: boolean;
}

type Term = Exclude<Query, { readonly op: 'and' | 'or' } | { readonly op: 'missing' }>;

const isMatch = (found: Found): boolean => found === 'match';
const isOther = (found: Found): boolean => found === 'something';

/** A pattern counts its own steps per text. */
const ofPattern = { steps: 10, isForUris: false } as const;

/** The cost of comparing a value with an operand. Parsing a time is slow. Other elements of a list need a single lookup. */
function stepsOf(operand: QValue): number {
  switch (operand.kind) {
    case 'time':
      return 150;
    case 'range':
      return stepsOf(operand.from) + stepsOf(operand.to);
    case 'list':
      return operand.values.reduce((sum, value) => sum + (fixedOf(value) === undefined ? stepsOf(value) : 0), 10);
    default:
      return 6;
  }
}

/** The test of a term. */
export function compileTest(term: Term): ValueTest {
  switch (term.op) {
    case 'exists':
      return { passes: () => true, steps: 2, isMet: (found) => found !== 'nothing', isForUris: true };
    case '~=': {
      const matches = compilePattern(term.pattern.source);
      return { passes: (value) => typeof value === 'string' && matches(value), ...ofPattern, isMet: isMatch };
    }
    case '!~=': {
      // A value that is not a text passes, so that it does not fulfil the term: the types differ.
      const matches = compilePattern(term.pattern.source);
      return { passes: (value) => typeof value !== 'string' || matches(value), ...ofPattern, isMet: isOther };
    }
    case '==':
    case '!=':
      return {
        passes: equalTo(term.value, term.expanded ?? []),
        steps: stepsOf(term.value),
        isMet: term.op === '==' ? isMatch : isOther,
        isForUris: true,
      };
    default:
      return { passes: orderedBy(term.op, term.value), steps: stepsOf(term.value), isMet: isMatch, isForUris: false };
  }
}

function orderedBy(op: '>' | '>=' | '<' | '<=', operand: QValue): (value: Json) => boolean {
  const compare = compareWith(operand);
  switch (op) {
    case '>':
      return (value) => compare(value) > 0;
    case '>=':
      return (value) => compare(value) >= 0;
    case '<':
      return (value) => compare(value) < 0;
    case '<=':
      return (value) => compare(value) <= 0;
  }
}

/** `expanded`: IRIs that match too, from the operands as vocabulary terms. */
function equalTo(operand: QValue, expanded: readonly string[]): (value: Json) => boolean {
  const isEqual = equalToOperand(operand);
  if (expanded.length === 0) return isEqual;
  const iris = new Set(expanded);
  return (value) => (typeof value === 'string' && iris.has(value)) || isEqual(value);
}

function equalToOperand(operand: QValue): (value: Json) => boolean {
  switch (operand.kind) {
    case 'json':
      return (value) => value === operand.value;
    case 'uri':
      return (value) => value === operand.uri;
    case 'time': {
      const compare = compareWith(operand);
      return (value) => value === operand.text || compare(value) === 0;
    }
    case 'range': {
      const [from, to] = [compareWith(operand.from), compareWith(operand.to)];
      return (value) => from(value) >= 0 && to(value) <= 0;
    }
    case 'list': {
      const fixed = new Set(operand.values.map(fixedOf));
      const tests = operand.values.filter((value) => fixedOf(value) === undefined).map(equalToOperand);
      return (value) => fixed.has(value) || tests.some((isEqual) => isEqual(value));
    }
  }
}

/** The only value that is equal to this operand; undefined when several forms are equal. */
function fixedOf(operand: QValue): Json | undefined {
  if (operand.kind === 'uri') return operand.uri;
  return operand.kind === 'json' ? operand.value : undefined;
}

/** True when the value of an instance fulfils the term. `inside` are the names in brackets. */
export function holdsIn(test: ValueTest, inside: readonly string[]): (instance: Instance) => boolean {
  const [tag, ...beyond] = inside;
  const searchLanguages = languageSearch(test, tag);
  return ({ kind, value }) => {
    switch (kind) {
      case 'LanguageProperty':
        return test.isMet(beyond.length > 0 ? 'nothing' : searchLanguages(value));
      case 'Relationship':
      case 'ListRelationship':
        return test.isMet(
          tag !== undefined ? 'nothing' : test.isForUris ? searchValue(test, value) : searchOpaque(test),
        );
      case 'JsonProperty':
        return test.isMet(tag === undefined ? searchOpaque(test) : searchInside(test, value, { inside, depth: 0 }));
      default:
        return test.isMet(searchInside(test, value, { inside, depth: 0 }));
    }
  };
}

/** All values that a term without brackets compares (`holdsIn`). An index of values must contain them. */
export function scalarsOf({ kind, value }: Instance): readonly Json[] {
  if (kind === 'JsonProperty') return [];
  if (kind !== 'LanguageProperty') return elementsOf(value);
  return isObject(value) ? Object.values(value).flatMap(elementsOf) : [];
}

const elementsOf = (value: Json): readonly Json[] => (isArray(value) ? value.map(plain) : [plain(value)]);

/** True when a member such as `createdAt`, `unitCode` or `scope` fulfils the term; undefined: the member is absent. */
export const memberHolds = (test: ValueTest, member: string | readonly string[] | undefined): boolean =>
  test.isMet(member === undefined ? 'nothing' : searchValue(test, member));

/** The result for a value that exists but cannot be compared: an object passes only tests that every value passes. */
const searchOpaque = (test: ValueTest): Found => (test.passes({}) ? 'match' : 'something');

function searchValue({ passes, steps }: ValueTest, value: Json): Found {
  countSteps(steps * (isArray(value) ? value.length : 1));
  if (!isArray(value)) return passes(plain(value)) ? 'match' : 'something';
  for (const element of value) if (passes(plain(element))) return 'match';
  return 'something';
}

/** A JSON-LD typed value is compared by its `@value`. */
const plain = (value: Json): Json => (isObject(value) && '@value' in value ? (value['@value'] ?? null) : value);

interface Descent {
  readonly inside: readonly string[];
  /** The number of names that are already resolved. */
  readonly depth: number;
}

/** The number of steps per array element on the path, and per language. */
const elementSteps = 10;

/** Follows the names into objects, and into every element of arrays on the path. */
function searchInside(test: ValueTest, value: Json, { inside, depth }: Descent): Found {
  const name = inside[depth];
  if (name === undefined) return searchValue(test, value);
  if (isArray(value)) return searchEach(test, value, { inside, depth });
  if (!isObject(value) || !Object.hasOwn(value, name)) return 'nothing';
  return searchInside(test, value[name] ?? null, { inside, depth: depth + 1 });
}

function searchEach(test: ValueTest, values: readonly Json[], descent: Descent): Found {
  countSteps(elementSteps * values.length);
  let best: Found = 'nothing';
  for (const value of values) {
    const found = searchInside(test, value, descent);
    if (found === 'match') return found;
    if (found === 'something') best = found;
  }
  return best;
}

/** Searches a language map: one language, or all languages when the tag is absent or `*`. Tags are case-insensitive (RFC 5646). */
function languageSearch(test: ValueTest, tag = '*'): (map: Json) => Found {
  const wanted = tag.toLowerCase();
  return (map) => {
    if (!isObject(map)) return 'nothing';
    let best: Found = 'nothing';
    for (const language in map) {
      countSteps(elementSteps);
      if (wanted !== '*' && language.toLowerCase() !== wanted) continue;
      const found = searchValue(test, map[language] ?? null);
      if (found === 'match') return found;
      best = found;
    }
    return best;
  };
}
