/** Reads the issuers of tokens: from a file, or from the option itself. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { parseJson } from '../../core/model/json.ts';
import { type Issuer, readIssuers } from '../../edge/auth/issuers.ts';
import type { Config } from './options.ts';

/** Throws an Error that names the option and what is wrong. */
export function readTokenIssuers({ issuers }: Pick<Config, 'issuers'>): readonly Issuer[] {
  if (issuers === '') return [];
  try {
    if (issuers.trimStart().startsWith('[')) return readIssuers(parseJson(issuers));
    const document: unknown = parse(readFileSync(issuers, 'utf8'));
    return readIssuers(parseJson(JSON.stringify(document)));
  } catch (cause) {
    throw new Error(`--issuers cannot be used. ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
