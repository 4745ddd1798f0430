/** Builds the configuration. Flags override the environment, the environment overrides the file, and the file overrides the defaults. */
import { readFileSync } from 'node:fs';
import { isObject, type Json, type JsonObject, parseJson } from '../../core/model/json.ts';
import { readArguments } from './arguments.ts';
import { nearestOf, suggestion } from './nearest.ts';
import { type Config, flagOf, isConfig, options, variableOf } from './options.ts';

/** The input from the command line and the environment. */
export interface Given {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Returns the configuration. Throws an Error that names the option, the source of its value, and the accepted values. */
export function readConfig({ args, env }: Given): Config {
  const flags = readFlags(args);
  refuseMisspelled(env);
  const path = flags['config'] ?? env['MLAKA_CONFIG'];
  const file = typeof path === 'string' ? readFile(path) : {};
  const values = Object.entries(options).map(([name, option]): readonly [string, unknown] => {
    const [value, source] = firstOf([
      [flags[flagOf(name)], `--${flagOf(name)}`],
      [env[variableOf(name)], variableOf(name)],
      [file[name], `${name} in ${String(path)}`],
    ]);
    return [name, value === undefined ? option.initial : readFrom<unknown>(source, () => option.read(value))];
  });
  const config: object = Object.fromEntries(values);
  if (!isConfig(config)) throw new Error('The table of options is not complete.');
  return config;
}

/** Variables with the prefix `MLAKA_` that match no option, except those that an orchestrator sets for a service named mlaka. */
const unknownIn = (env: Given['env']): readonly string[] =>
  Object.keys(env).filter(
    (name) => name.startsWith('MLAKA_') && !variables.has(name) && !/_SERVICE_(HOST|PORT)|_PORT_\d+_/.test(name),
  );

const variables: ReadonlySet<string> = new Set(['MLAKA_CONFIG', 'MLAKA_KEY', ...Object.keys(options).map(variableOf)]);

const optionNamed = (variable: string): string | undefined =>
  nearestOf(
    variable.slice('MLAKA_'.length),
    [...variables].map((name) => name.slice('MLAKA_'.length)),
  );

function refuseMisspelled(env: Given['env']): void {
  for (const name of unknownIn(env)) {
    const meant = optionNamed(name);
    if (meant !== undefined) throw new Error(`There is no option ${name}. Did you mean MLAKA_${meant}?`);
  }
}

/** One warning for each variable with the prefix that resembles no option. */
export const strangersIn = (env: Given['env']): readonly string[] =>
  unknownIn(env).map((name) => `The environment has ${name}, which is no option of Mlaka and does nothing here.`);

type Source = readonly [value: Json | undefined, source: string];

const firstOf = (sources: readonly Source[]): Source =>
  sources.find(([value]) => value !== undefined) ?? [undefined, ''];

function readFrom<T>(source: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new Error(`${source} ${cause instanceof Error ? cause.message : 'cannot be read'}.`, { cause });
  }
}

function readFlags(args: readonly string[]): Readonly<Record<string, string | boolean | undefined>> {
  const sorts = Object.entries(options).map(
    ([name, { form }]) => [flagOf(name), form === '' ? ('switch' as const) : ('value' as const)] as const,
  );
  return readArguments(args, { options: { ...Object.fromEntries(sorts), config: 'value' }, restMax: 0 }).values;
}

function readFile(path: string): JsonObject {
  const document = readFrom(path, () => parseJson(readFileSync(path, 'utf8')));
  if (!isObject(document)) throw new Error(`${path} must hold a JSON object of options.`);
  const unknown = Object.keys(document).find((name) => !(name in options));
  if (unknown !== undefined)
    throw new Error(
      `${path} has an unknown option: ${unknown}.${suggestion(unknown, Object.keys(options)) || ` There are: ${Object.keys(options).join(', ')}.`}`,
    );
  return document;
}
