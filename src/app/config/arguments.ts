/**
 * Parses a command line into options and positional arguments. An unknown option is an error that names it.
 *
 * `parseArgs` of node:util finds the tokens. Its strict mode is off because its messages do not suggest the nearest option. A package such
 * as `commander` would not shorten this: options, their help and their checks come from the same table as environment variables, the
 * configuration file and docs/configuration.md.
 */
import { parseArgs } from 'node:util';
import { suggestion } from './nearest.ts';

/** The options and arguments that a command line accepts. */
export interface Grammar {
  /** Options by name, without `--`. A switch takes no value; `--no-NAME` turns it off. */
  readonly options: Readonly<Record<string, 'value' | 'switch'>>;
  /** The maximum number of positional arguments. */
  readonly restMax: number;
}

export interface Arguments {
  /** The given options. When an option is repeated, the last value wins. */
  readonly values: Readonly<Record<string, string | boolean>>;
  /** The positional arguments. */
  readonly rest: readonly string[];
}

/** True when the user asks for the help of a command. */
export const asksForHelp = (args: readonly string[]): boolean => args.includes('--help') || args.includes('-h');

/** Throws an Error that names the unknown option and suggests a similar one. */
export function readArguments(args: readonly string[], { options, restMax }: Grammar): Arguments {
  const types = Object.entries(options).map(
    ([name, sort]) => [name, { type: sort === 'switch' ? 'boolean' : 'string' }] as const,
  );
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(types),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Record<string, string | boolean> = {};
  const rest: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'option') Object.assign(values, optionOf(token, options));
    if (token.kind === 'positional') rest.push(token.value);
  }
  const extra = rest[restMax];
  if (extra !== undefined) throw new Error(`${JSON.stringify(extra)} is one argument too many.`);
  return { values, rest };
}

/** An option as `parseArgs` finds it: `rawName` is the name with its dashes, `inlineValue` is true when the value follows `=`. */
interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function optionOf(
  { name, rawName, value, inlineValue = false }: OptionToken,
  options: Grammar['options'],
): Arguments['values'] {
  if (options[name] === 'switch') {
    if (value !== undefined) throw new Error(`${rawName} is a switch and takes no value, such as ${value}.`);
    return { [name]: true };
  }
  if (options[name] === 'value') return { [name]: valueOf(rawName, value, inlineValue) };
  const positive = name.replace(/^no-/, '');
  if (positive !== name && options[positive] === 'switch' && value === undefined) return { [positive]: false };
  const names = Object.keys(options).map((one) => `--${one}`);
  throw new Error(`There is no option ${rawName}.${suggestion(name, names) || ' --help lists all.'}`);
}

function valueOf(rawName: string, value: string | undefined, isInline: boolean): string {
  if (value === undefined) throw new Error(`${rawName} needs a value.`);
  if (!isInline && value.startsWith('--'))
    throw new Error(
      `${rawName} needs a value, and ${value} is an option. If it is the value, write ${rawName}=${value}.`,
    );
  return value;
}
