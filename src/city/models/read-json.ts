/** Reads the JSON files of the data models at start. */
import { readFileSync } from 'node:fs';
import { type Json, parseJson } from '../../core/model/json.ts';

/** Parses a JSON file. Throws an Error that names the file when it is unreadable or not JSON. */
export function readJson(path: string): Json {
  try {
    return parseJson(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Error(`The file ${path} cannot be read as JSON.`, { cause });
  }
}
