/** Reads the flags of a command: each has a form, a help text and an initial value. */
import { readArguments } from '../config/arguments.ts';

interface Flag {
  /** The form of its value in help, such as `FILE`; empty: a switch. */
  readonly form: string;
  readonly about: string;
  readonly initial: string;
}

export type Flags = Readonly<Record<string, Flag>>;

/** Flags that every command has that talks to a broker. */
export const brokerFlags = {
  url: { form: 'URL', about: 'Where the broker is.', initial: 'http://localhost:1026' },
  tenant: { form: 'NAME', about: 'Tenant; empty: the default one.', initial: '' },
} as const satisfies Flags;

export interface Read<F extends Flags> {
  /** The text of every flag; a switch is `true` or `false`. */
  readonly values: Readonly<Record<keyof F, string>>;
  /** Arguments that are no flags. */
  readonly rest: readonly string[];
}

/** Throws an Error that names a flag that is not known, and what stands beside the flags beyond `restMax`. */
export function readFlags<F extends Flags>(args: readonly string[], flags: F, restMax = 0): Read<F> {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { form }]) => [name, form === '' ? ('switch' as const) : ('value' as const)]),
  );
  const { values: given, rest } = readArguments(args, { options, restMax });
  const all: object = Object.fromEntries(
    Object.entries(flags).map(([name, { form, initial }]) => [
      name,
      textOf(given[name], form === '' ? 'false' : initial),
    ]),
  );
  if (!hasAll(all, flags)) throw new Error('A flag has no value.');
  return { values: all, rest };
}

const textOf = (given: unknown, initial: string): string =>
  typeof given === 'string' ? given : given === true ? 'true' : initial;

const hasAll = <F extends Flags>(values: object, flags: F): values is Record<keyof F, string> =>
  Object.keys(flags).every((name) => name in values);

/** The flags as lines of help. */
export const helpOf = (flags: Flags): string =>
  Object.entries(flags)
    .map(
      ([name, { form, about, initial }]) =>
        `  --${name}${form === '' ? '' : ` ${form}`}\n      ${about}${initial === '' ? '' : ` [${initial}]`}`,
    )
    .join('\n');

/** A whole number in the text of a flag. */
export function wholeOf(name: string, text: string, least: number): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least) return number;
  throw new Error(`--${name} must be a whole number of at least ${least}, not ${JSON.stringify(text)}.`);
}
