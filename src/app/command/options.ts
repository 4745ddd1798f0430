/** Parses the flags of a command. Each flag has a placeholder, a help text and a default. */
import { readArguments } from '../config/arguments.ts';

interface Flag {
  /** The placeholder of its value in the help text, such as `FILE`; empty for a switch. */
  readonly form: string;
  readonly about: string;
  readonly initial: string;
}

export type Flags = Readonly<Record<string, Flag>>;

/** Flags of every command that connects to a broker. */
export const brokerFlags = {
  url: { form: 'URL', about: 'Where the broker is.', initial: 'http://localhost:1026' },
  tenant: { form: 'NAME', about: 'Tenant; empty: the default one.', initial: '' },
  key: {
    form: 'KEY',
    about: 'API key; empty: that in MLAKA_KEY, which other users of the machine cannot see.',
    initial: '',
  },
} as const satisfies Flags;

/** The key of the flag `--key`, or that in the environment. */
export const keyOf = (flag: string): string => (flag === '' ? (process.env['MLAKA_KEY'] ?? '') : flag);

export interface Read<F extends Flags> {
  /** The text of every flag; a switch has `true` or `false`. */
  readonly values: Readonly<Record<keyof F, string>>;
  /** The positional arguments. */
  readonly rest: readonly string[];
}

/** Throws an Error that names an unknown flag or a positional argument beyond `restMax`. */
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

/** Parses a whole number from the text of a flag. */
export function wholeOf(name: string, text: string, least: number): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least) return number;
  throw new Error(`--${name} must be a whole number of at least ${least}, not ${JSON.stringify(text)}.`);
}

/** The URL of a broker, without slashes at its end. Throws an Error that names the option. */
export function webUrlOf(name: string, url: string): string {
  if (/^https?:\/\//.test(url) && URL.canParse(url)) return url.replace(/\/+$/, '');
  throw new Error(`${name} must be a URL such as http://localhost:1026, not ${JSON.stringify(url)}.`);
}
