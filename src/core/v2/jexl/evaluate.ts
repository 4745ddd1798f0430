/** Evaluates JEXL expressions. Only JSON is reachable, and the number of steps is bounded. */
import { isArray, isObject, type Json, type JsonObject, sameJson } from '../../model/json.ts';
import type { Micros } from '../../model/instant.ts';
import { parseJexl } from './parse.ts';
import { type BinaryOperator, type Expression, JexlFailure } from './syntax.ts';
import { transforms } from './transforms.ts';

export interface JexlContext {
  /** The values of names. */
  readonly names: JsonObject;
  /** The present, for the transform `now`. */
  readonly now: Micros;
  /** What the macros of one message have used together. Absent: the context is of one expression. */
  readonly used?: MacroUse;
}

/** Steps of evaluations, and characters that took the place of macros. */
interface MacroUse {
  steps: number;
  characters: number;
}

/** Most steps of one evaluation and of all macros of a message, and the longest text that one evaluation makes. */
const stepsMax = 100_000;
const stepsOfMessageMax = 1_000_000;
const textMax = 1_000_000;

/** The value of an expression: null when it cannot be read, or fails in any way. */
export function evaluateJexl(text: string, context: JexlContext): Json {
  try {
    return new Evaluation(context).valueOf(parseJexl(text)) ?? null;
  } catch (error) {
    if (error instanceof JexlFailure) return null;
    throw error;
  }
}

/** Undefined: a name or member that does not exist. */
type Value = Json | undefined;

class Evaluation {
  readonly #context: JexlContext;
  readonly #elements: Json[] = [];
  #steps = 0;

  constructor(context: JexlContext) {
    this.#context = context;
  }

  valueOf(expression: Expression): Value {
    this.#spend(1);
    switch (expression.kind) {
      case 'literal':
        return expression.value;
      case 'name':
        return memberOf(this.#context.names, expression.name);
      case 'element':
        return memberOf(this.#elements.at(-1), expression.name);
      case 'array':
        return this.#counted(expression.elements.map((element) => this.valueOf(element) ?? null));
      case 'object':
        return this.#counted(
          Object.fromEntries(expression.members.map(([key, member]) => [key, this.valueOf(member) ?? null])),
        );
      case 'member':
        return memberOf(this.valueOf(expression.of), this.valueOf(expression.key));
      case 'filter':
        return this.#filter(expression);
      case 'binary':
        return this.#binary(expression);
      case 'choice':
        return this.valueOf(isTrue(this.valueOf(expression.test)) ? expression.then : expression.otherwise);
      case 'transform':
        return this.#transform(expression);
    }
  }

  #filter({ of, test }: Extract<Expression, { kind: 'filter' }>): Value {
    const list = this.valueOf(of);
    if (!isArray(list)) throw new JexlFailure('only arrays can be filtered');
    return list.filter((element) => {
      this.#elements.push(element);
      const isMet = isTrue(this.valueOf(test));
      this.#elements.pop();
      return isMet;
    });
  }

  #binary({ operator, left, right }: Extract<Expression, { kind: 'binary' }>): Value {
    const first = this.valueOf(left);
    if (operator === '&&') return isTrue(first) ? this.valueOf(right) : first;
    if (operator === '||') return isTrue(first) ? first : this.valueOf(right);
    const second = this.valueOf(right);
    if (first === undefined || second === undefined) throw new JexlFailure('there is no value to compute with');
    if (operator === 'in' || operator === '==' || operator === '!=') this.#counted([first, second]);
    return operate(operator, first, second);
  }

  #transform({ of, name, args }: Extract<Expression, { kind: 'transform' }>): Value {
    const transform = transforms.get(name);
    const value = this.valueOf(of);
    if (!transform || value === undefined) throw new JexlFailure(`${name} cannot be applied`);
    const given = args.map((argument) => this.valueOf(argument) ?? null);
    this.#counted([value, given]);
    return transform(value, given, this.#context.now);
  }

  #spend(steps: number): void {
    this.#steps += steps;
    const { used } = this.#context;
    if (used) used.steps += steps;
    if (this.#steps > stepsMax || (used && used.steps > stepsOfMessageMax))
      throw new JexlFailure('it takes too many steps');
  }

  /** The value, after a tenth of a step for each character and element in it: work on a large value takes as much time as many steps. */
  #counted<T extends Json>(value: T): T {
    if (typeof value === 'string') this.#spend(value.length / 10);
    else if (isArray(value)) {
      this.#spend(value.length / 10);
      for (const element of value) this.#counted(element);
    } else if (isObject(value)) this.#counted(Object.values(value));
    return value;
  }
}

/** As in JavaScript, but arrays and objects that are empty are false. */
function isTrue(value: Value): boolean {
  if (isArray(value)) return value.length > 0;
  if (isObject(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

function memberOf(of: Value, key: Value): Value {
  if (isArray(of)) return typeof key === 'number' ? of[key] : undefined;
  if (!isObject(of) || (typeof key !== 'string' && typeof key !== 'number')) return undefined;
  return Object.hasOwn(of, key) ? of[key] : undefined;
}

type Calculated = Exclude<BinaryOperator, '&&' | '||'>;

function operate(operator: Calculated, left: Json, right: Json): Json {
  if (operator === '==') return sameJson(left, right);
  if (operator === '!=') return !sameJson(left, right);
  if (operator === 'in') return isIn(left, right);
  if (typeof left === 'number' && typeof right === 'number') return ofNumbers(operator, left, right);
  if (operator === '+') return joined(textOf(left), textOf(right));
  if (typeof left === 'string' && typeof right === 'string') return compareTexts(operator, left, right);
  throw new JexlFailure('only numbers can be computed with');
}

function textOf(value: Json): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new JexlFailure('only texts and numbers can be joined');
}

function joined(first: string, second: string): string {
  if (first.length + second.length > textMax) throw new JexlFailure('the text is too long');
  return first + second;
}

function isIn(left: Json, right: Json): boolean {
  if (isArray(right)) return right.some((element) => sameJson(element, left));
  if (typeof right === 'string' && typeof left === 'string') return right.includes(left);
  throw new JexlFailure('in needs an array or a text');
}

type Computed = Exclude<Calculated, '==' | '!=' | 'in'>;

const numeric: Readonly<Record<Computed, (a: number, b: number) => number | boolean>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** JSON has no infinite numbers. */
function ofNumbers(operator: Computed, left: number, right: number): Json {
  const result = numeric[operator](left, right);
  if (typeof result === 'number' && !Number.isFinite(result)) throw new JexlFailure('the result is no number');
  return result;
}

function compareTexts(operator: Computed, left: string, right: string): boolean {
  const order = left < right ? -1 : Number(left > right);
  const result = numeric[operator](order, 0);
  if (typeof result === 'number') throw new JexlFailure('only numbers can be computed with');
  return result;
}
