/** Defines an option: one value from which flag, environment variable, file member, help, schema and documentation are derived. */
import type { Json, JsonObject } from '../../core/model/json.ts';

/** An option of the broker. Every value has a text form. */
export interface Option<T> {
  /** What it does, in one or two sentences. */
  readonly about: string;
  /** The placeholder for its value in the help text, such as `PORT`; empty for a switch. */
  readonly form: string;
  readonly initial: T;
  /** The JSON Schema of its value in a configuration file. */
  readonly schema: JsonObject;
  /** Parses the value from a flag, the environment or a file. Throws an Error that describes the accepted values. */
  read(value: Json): T;
}

const wrong = (value: Json, what: string): Error => new Error(`must be ${what}, not ${JSON.stringify(value)}`);

/** An integer within bounds. */
export function whole(
  about: string,
  initial: number,
  { least = 0, most = Number.MAX_SAFE_INTEGER, form = 'N' } = {},
): Option<number> {
  return {
    about,
    form,
    initial,
    schema: { type: 'integer', minimum: least, maximum: most },
    read(value) {
      const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
      if (typeof number === 'number' && Number.isSafeInteger(number) && number >= least && number <= most)
        return number;
      throw wrong(value, `a whole number from ${least} to ${most}`);
    },
  };
}

/** Any text. */
export const text = (about: string, initial: string, form: string): Option<string> => ({
  about,
  form,
  initial,
  schema: { type: 'string' },
  read(value) {
    if (typeof value === 'string') return value;
    throw wrong(value, 'a text');
  },
});

/** A string that must match a format, such as `a language tag`. */
export const textThat = (
  { isGood, what }: { readonly isGood: (text: string) => boolean; readonly what: string },
  option: Option<string>,
): Option<string> => ({
  ...option,
  read(value) {
    if (typeof value === 'string' && isGood(value)) return value;
    throw wrong(value, what);
  },
});

/** One word of a fixed list. */
export const choice = <T extends string>(about: string, initial: T, words: readonly T[]): Option<T> => ({
  about,
  form: words.join('|'),
  initial,
  schema: { enum: words },
  read(value) {
    const word = words.find((one) => one === value);
    if (word === undefined) throw wrong(value, `one of ${words.join(', ')}`);
    return word;
  },
});

/** A boolean. As a flag it takes no value. */
export const toggle = (about: string): Option<boolean> => ({
  about,
  form: '',
  initial: false,
  schema: { type: 'boolean' },
  read(value) {
    if (value === true || value === 'true' || value === '1') return true;
    if (value === false || value === 'false' || value === '0') return false;
    throw wrong(value, 'true or false');
  },
});
