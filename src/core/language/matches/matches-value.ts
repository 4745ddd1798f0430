/** What a term of `q` asks of the values that its path leads to: each operator, by the kind of attribute (clause 4.9). */
import type { Instance } from '../../model/attribute.ts';
import { isArray, isObject, type Json } from '../../model/json.ts';
import type { Query, QValue } from '../filter.ts';
import { compareWith } from './matches-order.ts';
import { compilePattern } from '../pattern/pattern.ts';
import { countSteps } from '../steps.ts';

/** How far a path came in one value: nowhere; to something, of which nothing passed the test; to something that passed. */
type Found = 'nothing' | 'something' | 'match';

/** What one term asks. */
export interface ValueTest {
  /** The test of one value that is no array. */
  readonly passes: (value: Json) => boolean;
  /** Steps that it counts for. */
  readonly steps: number;
  /** Which finding fulfils the term: that of `!=` is something without a match. */
  readonly isMet: (found: Found) => boolean;
  /** Relationships can be equal or not; they have no order and no text. */
  readonly isForUris: boolean;
}

type Term = Exclude<Query, { readonly op: 'and' | 'or' } | { readonly op: 'missing' }>;

const isMatch = (found: Found): boolean => found === 'match';
const isOther = (found: Found): boolean => found === 'something';

/** A pattern counts the steps that it takes in a text by itself. */
const ofPattern = { steps: 10, isForUris: false } as const;

/** What it costs to compare a value with an operand: to read a time takes long, and what else a list holds is looked up at once. */
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
      // A value that is no text passes here, so that it does not fulfil the term: the types differ.
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

/** `expanded`: IRIs that will do as well, for the operands as vocabulary terms. */
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

/** What a value must be to equal an operand that has no other form; undefined when there are others. */
function fixedOf(operand: QValue): Json | undefined {
  if (operand.kind === 'uri') return operand.uri;
  return operand.kind === 'json' ? operand.value : undefined;
}

/** True when the value of an instance fulfils the term; `inside` are the names in brackets. */
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

/** Everything that a term without names in brackets compares with (`holdsIn`): what an index of values has to hold. */
export function scalarsOf({ kind, value }: Instance): readonly Json[] {
  if (kind === 'JsonProperty') return [];
  if (kind !== 'LanguageProperty') return elementsOf(value);
  return isObject(value) ? Object.values(value).flatMap(elementsOf) : [];
}

const elementsOf = (value: Json): readonly Json[] => (isArray(value) ? value.map(plain) : [plain(value)]);

/** True when a member such as `createdAt`, `unitCode` or `scope` fulfils the term; undefined: it is not there. */
export const memberHolds = (test: ValueTest, member: string | readonly string[] | undefined): boolean =>
  test.isMet(member === undefined ? 'nothing' : searchValue(test, member));

/** What is there but cannot be compared: null passes no test but those that any value passes. */
const searchOpaque = (test: ValueTest): Found => (test.passes(null) ? 'match' : 'something');

function searchValue({ passes, steps }: ValueTest, value: Json): Found {
  countSteps(steps * (isArray(value) ? value.length : 1));
  if (!isArray(value)) return passes(plain(value)) ? 'match' : 'something';
  for (const element of value) if (passes(plain(element))) return 'match';
  return 'something';
}

/** A JSON-LD typed value is compared by its text or number. */
const plain = (value: Json): Json => (isObject(value) ? (value['@value'] ?? value) : value);

interface Descent {
  readonly inside: readonly string[];
  /** Names that are already behind. */
  readonly depth: number;
}

/** Steps that an element on the way counts for, or a language. */
const elementSteps = 10;

/** Goes on by names into objects, and into every element of arrays on the way. */
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

/** The search in a language map: in one language, or in all when no tag or `*` is given. Tags have no case (RFC 5646). */
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
