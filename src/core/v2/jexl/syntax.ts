/** The syntax tree of a JEXL expression, and its tokens. */
import type { Json } from '../../model/json.ts';

export type BinaryOperator = '+' | '-' | '*' | '/' | '%' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '&&' | '||' | 'in';

export type Expression =
  | { readonly kind: 'literal'; readonly value: Json }
  /** A name of the context. */
  | { readonly kind: 'name'; readonly name: string }
  /** `.name` inside a filter: a member of the element that is tested. */
  | { readonly kind: 'element'; readonly name: string }
  | { readonly kind: 'array'; readonly elements: readonly Expression[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, Expression])[] }
  | { readonly kind: 'member'; readonly of: Expression; readonly key: Expression }
  | { readonly kind: 'filter'; readonly of: Expression; readonly test: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'choice';
      readonly test: Expression;
      readonly then: Expression;
      readonly otherwise: Expression;
    }
  | {
      readonly kind: 'transform';
      readonly of: Expression;
      readonly name: string;
      readonly args: readonly Expression[];
    };

/** An expression that cannot be read or evaluated. Its value is null. */
export class JexlFailure extends Error {}

export type Token =
  | { readonly kind: 'value'; readonly value: number | string }
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'sign'; readonly text: string };

const tokenShape =
  /\s+|(\d+(?:\.\d+)?)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([\p{L}_$][\p{L}\p{N}_$]*)|(\|\||&&|[=!<>]=|[-+*/%<>?:.,|()[\]{}])/suy;

/** Throws JexlFailure. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  tokenShape.lastIndex = 0;
  while (tokenShape.lastIndex < text.length) {
    const found = tokenShape.exec(text);
    if (!found) throw new JexlFailure('there is a character that has no meaning');
    const token = tokenOf(found);
    if (token) tokens.push(token);
  }
  return tokens;
}

function tokenOf([, number, quoted, name, sign]: RegExpExecArray): Token | undefined {
  if (number !== undefined) return { kind: 'value', value: Number(number) };
  if (quoted !== undefined) return { kind: 'value', value: quoted.slice(1, -1).replace(/\\(.)/gs, '$1') };
  if (name !== undefined) return { kind: 'name', text: name };
  return sign === undefined ? undefined : { kind: 'sign', text: sign };
}
