/** Reads the attributes of an entity that defines work of the broker, such as an aggregate. What has another form is refused by name. */
import type { Entity } from '../../core/model/entity.ts';
import { microsOf, type Micros } from '../../core/model/instant.ts';
import { isArray, isObject, isStrings, type Json, type JsonObject } from '../../core/model/json.ts';
import { badData, type Problem } from '../../core/model/problem.ts';
import { valueIn } from './read-values.ts';

/** The IRIs that may stand for a term: that of the data model, and that which a client without its @context writes. */
export type IrisOf = (term: string) => readonly string[];

/** Bounds of a number; both are inclusive. */
interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly isWhole?: boolean;
}

/** The longest text and the longest list in a definition. */
const [textMax, listMax] = [10_000, 1000];

/** The attributes by the terms of the data model. Its methods throw BadRequestData for a value of another form; absent: undefined. */
export class Definition {
  readonly id: string;
  readonly #attrs: Entity['attrs'];
  readonly #irisOf: IrisOf;

  constructor({ id, attrs }: Pick<Entity, 'id' | 'attrs'>, irisOf: IrisOf) {
    this.id = id;
    this.#attrs = attrs;
    this.#irisOf = irisOf;
  }

  value(term: string): Json | undefined {
    return valueIn({ attrs: this.#attrs }, this.#irisOf(term));
  }

  /** The problem with an attribute. */
  problem(term: string, must: string): Problem {
    return badData(`The attribute ${term} of ${this.id} must be ${must}.`);
  }

  text(term: string): string | undefined {
    const found = this.value(term);
    if (found === undefined) return undefined;
    if (typeof found !== 'string' || found === '' || found.length > textMax) throw this.problem(term, 'a text');
    return found;
  }

  /** Throws BadRequestData when it is absent, too. */
  requiredText(term: string): string {
    const found = this.text(term);
    if (found === undefined) throw this.problem(term, 'given');
    return found;
  }

  /** A text or a list of texts; empty when it is absent. */
  texts(term: string): readonly string[] {
    const found = this.value(term) ?? [];
    const list = typeof found === 'string' ? [found] : found;
    if (!isStrings(list) || list.length > listMax || list.some((one) => one === '' || one.length > textMax))
      throw this.problem(term, 'a text or a list of texts');
    return list;
  }

  number(term: string, { min, max, isWhole = false }: Bounds): number | undefined {
    const found = this.value(term);
    if (found === undefined) return undefined;
    const fits = typeof found === 'number' && found >= min && found <= max && (!isWhole || Number.isInteger(found));
    if (!fits) throw this.problem(term, `a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}`);
    return found;
  }

  oneOf<Word extends string>(term: string, words: readonly Word[]): Word | undefined {
    const found = this.value(term);
    if (found === undefined) return undefined;
    const word = words.find((one) => one === found);
    if (word === undefined) throw this.problem(term, `one of ${words.join(', ')}`);
    return word;
  }

  moment(term: string): Micros | undefined {
    const found = this.value(term);
    const written = isObject(found) ? found['@value'] : found;
    if (written === undefined) return undefined;
    const micros = typeof written === 'string' ? microsOf(written) : undefined;
    if (micros === undefined) throw this.problem(term, 'a time such as 2026-03-01T00:00:00Z');
    return micros;
  }

  /** Reads a text with a function that throws an Error for what it cannot read. */
  parsed<Parsed>(term: string, parse: (text: string) => Parsed): Parsed | undefined {
    const found = this.text(term);
    if (found === undefined) return undefined;
    try {
      return parse(found);
    } catch (cause) {
      throw this.problem(term, `readable: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
}

/** The values of these terms, to compare what was approved with what the entity says now. */
export const definedValues = (definition: Definition, terms: readonly string[]): JsonObject =>
  Object.fromEntries(
    terms.flatMap((term) => {
      const found = definition.value(term);
      return found === undefined ? [] : [[term, found] as const];
    }),
  );

/** A member deep inside a value; undefined when there is none. */
export function memberOf(value: Json | undefined, path: readonly string[]): Json | undefined {
  let found = value;
  for (const name of path) found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  return isArray(found) ? found[0] : found;
}
