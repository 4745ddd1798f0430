/** What an option is: one value that flag, environment, file, help, schema and documentation are made of. */
import type { Json, JsonObject } from '../../core/model/json.ts';

/** An option of the broker. Every value can be written as text. */
export interface Option<T> {
  /** What it does, in one or two sentences. */
  readonly about: string;
  /** The form of its value in help, such as `PORT`; empty for a switch. */
  readonly form: string;
  readonly initial: T;
  /** The JSON Schema of its value in a configuration file. */
  readonly schema: JsonObject;
  /** Reads the value from a flag, the environment, or a file. Throws an Error that says what it must be. */
  read(value: Json): T;
}

const wrong = (value: Json, what: string): Error => new Error(`must be ${what}, not ${JSON.stringify(value)}`);

/** A whole number within bounds. */
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

/** A text that is of some form, such as `a language tag`. */
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

/** One of several words. */
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

/** True or false. As a flag it stands without a value. */
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
