/** Reads JSON files of the data models, once at start. */
import { readFileSync } from 'node:fs';
import type { Json } from '../../core/model/json.ts';

/** What JSON.parse makes of a text is JSON by definition; the compiler only needs to be told. */
const isJson = (_value: unknown): _value is Json => true;

/** The JSON in a file. Throws an Error that names the file when it cannot be read or is not JSON. */
export function readJson(path: string): Json {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (isJson(value)) return value;
  } catch (cause) {
    throw new Error(`The file ${path} cannot be read as JSON.`, { cause });
  }
  return null;
}
