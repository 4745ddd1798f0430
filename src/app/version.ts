/** Reads the version of the broker. */
import { readFileSync } from 'node:fs';
import { isObject, parseJson } from '../core/model/json.ts';

/** The version in package.json. The path is valid from src/app and from dist/app. */
export const version = readVersion(new URL('../../package.json', import.meta.url));

function readVersion(path: URL): string {
  const description = parseJson(readFileSync(path, 'utf8'));
  const found = isObject(description) ? description['version'] : undefined;
  if (typeof found !== 'string') throw new Error(`${path.pathname} names no version.`);
  return found;
}
