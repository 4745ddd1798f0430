/** Reads JSON files of the data models, once at start. */
import { readFileSync } from 'node:fs';
import { type Json, parseJson } from '../../core/model/json.ts';

/** The JSON in a file. Throws an Error that names the file when it cannot be read or is not JSON. */
export function readJson(path: string): Json {
  try {
    return parseJson(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Error(`The file ${path} cannot be read as JSON.`, { cause });
  }
}
