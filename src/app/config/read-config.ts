/** Puts a configuration together: flags before environment before file before what an option is initially. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isObject, type Json, type JsonObject, parseJson } from '../../core/model/json.ts';
import { type Config, flagOf, isConfig, options, variableOf } from './options.ts';

/** What the command line and the environment say. */
export interface Given {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The configuration. Throws an Error that names the option, where its value came from, and what it must be. */
export function readConfig({ args, env }: Given): Config {
  const flags = readFlags(args);
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
  const known = Object.entries(options).map(
    ([name, { form }]) => [flagOf(name), { type: form === '' ? 'boolean' : 'string' }] as const,
  );
  const parsed = parseArgs({
    args: [...args],
    options: { ...Object.fromEntries(known), config: { type: 'string' } },
    allowNegative: true,
  });
  const flags: Record<string, string | boolean> = {};
  for (const [name, value] of Object.entries<unknown>(parsed.values)) {
    if (typeof value === 'string' || typeof value === 'boolean') flags[name] = value;
  }
  return flags;
}

function readFile(path: string): JsonObject {
  const document = readFrom(path, () => parseJson(readFileSync(path, 'utf8')));
  if (!isObject(document)) throw new Error(`${path} must hold a JSON object of options.`);
  const unknown = Object.keys(document).find((name) => !(name in options));
  if (unknown !== undefined)
    throw new Error(`${path} has an unknown option: ${unknown}. There are: ${Object.keys(options).join(', ')}.`);
  return document;
}
