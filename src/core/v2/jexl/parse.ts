/** Parses JEXL, the language of expressions in custom notifications of NGSI v2. */
import type { Json } from '../../model/json.ts';
import { type BinaryOperator, type Expression, JexlFailure, type Token, tokensOf } from './syntax.ts';

/** The longest expression in characters, and the deepest nesting. */
const lengthMax = 10_000;
const depthMax = 50;

/** Throws JexlFailure. */
export function parseJexl(text: string): Expression {
  if (text.length > lengthMax) throw new JexlFailure('it is too long');
  const parser = new Parser(tokensOf(text));
  return parser.whole();
}

/** Operators by precedence, the loosest first. */
const levels: readonly (readonly BinaryOperator[])[] = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<', '<=', '>', '>=', 'in'],
  ['+', '-'],
  ['*', '/', '%'],
];

const constants: ReadonlyMap<string, Json> = new Map<string, Json>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#expression();
    if (this.#at < this.#tokens.length) throw new JexlFailure('something follows its end');
    return expression;
  }

  #expression(): Expression {
    this.#depth += 1;
    if (this.#depth > depthMax) throw new JexlFailure('it is nested too deep');
    const test = this.#binary(0);
    const expression = this.#take('?') ? this.#choice(test) : test;
    this.#depth -= 1;
    return expression;
  }

  #choice(test: Expression): Expression {
    // `a ?: b` stands for `a ? a : b`.
    if (this.#take(':')) return { kind: 'choice', test, then: test, otherwise: this.#expression() };
    const then = this.#expression();
    this.#expect(':');
    return { kind: 'choice', test, then, otherwise: this.#expression() };
  }

  #binary(level: number): Expression {
    const operators = levels[level];
    if (!operators) return this.#postfix();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = operators.find((one) => this.#take(one));
      if (operator === undefined) return left;
      left = { kind: 'binary', operator, left, right: this.#binary(level + 1) };
    }
  }

  #postfix(): Expression {
    let of = this.#primary();
    for (;;) {
      if (this.#take('.')) of = { kind: 'member', of, key: { kind: 'literal', value: this.#name() } };
      else if (this.#take('[')) of = this.#bracket(of);
      else if (this.#take('|')) of = { kind: 'transform', of, name: this.#name(), args: this.#arguments() };
      else return of;
    }
  }

  /** `[expression]` is a member; with `.name` in it, it is a filter. */
  #bracket(of: Expression): Expression {
    const inside = this.#expression();
    this.#expect(']');
    return usesElement(inside) ? { kind: 'filter', of, test: inside } : { kind: 'member', of, key: inside };
  }

  #arguments(): readonly Expression[] {
    return this.#take('(') ? this.#list(')') : [];
  }

  #list(end: string): readonly Expression[] {
    const list: Expression[] = [];
    if (this.#take(end)) return list;
    do list.push(this.#expression());
    while (this.#take(','));
    this.#expect(end);
    return list;
  }

  #primary(): Expression {
    if (this.#take('(')) {
      const inside = this.#expression();
      this.#expect(')');
      return inside;
    }
    if (this.#take('[')) return { kind: 'array', elements: this.#list(']') };
    if (this.#take('{')) return { kind: 'object', members: this.#members() };
    if (this.#take('.')) return { kind: 'element', name: this.#name() };
    return this.#leaf();
  }

  #leaf(): Expression {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    if (token?.kind === 'value') return { kind: 'literal', value: token.value };
    if (token?.kind !== 'name') throw new JexlFailure('a value is missing');
    const constant = constants.get(token.text);
    return constant === undefined ? { kind: 'name', name: token.text } : { kind: 'literal', value: constant };
  }

  #members(): readonly (readonly [string, Expression])[] {
    const members: [string, Expression][] = [];
    if (this.#take('}')) return members;
    do {
      const key = this.#tokens[this.#at];
      this.#at += 1;
      if (!key || key.kind === 'sign') throw new JexlFailure('a key is missing');
      this.#expect(':');
      members.push([key.kind === 'name' ? key.text : String(key.value), this.#expression()]);
    } while (this.#take(','));
    this.#expect('}');
    return members;
  }

  #name(): string {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    if (token?.kind !== 'name') throw new JexlFailure('a name is missing');
    return token.text;
  }

  /** True when the next token is this sign or word, which is then behind. */
  #take(text: string): boolean {
    const token = this.#tokens[this.#at];
    if (!token || token.kind === 'value' || token.text !== text) return false;
    this.#at += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw new JexlFailure(`${text} is missing`);
  }
}

function usesElement(expression: Expression): boolean {
  switch (expression.kind) {
    case 'element':
      return true;
    case 'binary':
      return usesElement(expression.left) || usesElement(expression.right);
    case 'choice':
      return [expression.test, expression.then, expression.otherwise].some(usesElement);
    case 'transform':
      return usesElement(expression.of) || expression.args.some(usesElement);
    case 'member':
      return usesElement(expression.of) || usesElement(expression.key);
    case 'filter':
      return usesElement(expression.of);
    default:
      return false;
  }
}
