/** Parses the target of a request: path and query parameters, percent-decoded once. */
import { percentDecoded } from '../../core/model/read/percent.ts';
import { Problem } from '../../core/model/problem.ts';

/** The target of a request. Both parts are as sent; the query has no question mark. */
export interface Target {
  readonly path: string;
  readonly query: string;
}

/** Parses a target in the origin form or the absolute form of RFC 9112. */
export function readTarget(url: string): Target {
  const local = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?#]*/i, '');
  const fragment = local.indexOf('#');
  const whole = fragment < 0 ? local : local.slice(0, fragment);
  const mark = whole.indexOf('?');
  return mark < 0 ? { path: whole, query: '' } : { path: whole.slice(0, mark), query: whole.slice(mark + 1) };
}

/** The target in a server whose paths begin at `mount`, where clients leave that out. */
export const mounted = ({ path, query }: Target, mount: string): Target => ({
  path: path.startsWith(`${mount}/`) ? path : mount + path,
  query,
});

/** Decodes percent-encoding. Throws InvalidRequest that quotes the text. */
export function decodePercent(text: string, what: string): string {
  if (!text.includes('%')) return text;
  const decoded = percentDecoded(text);
  if (decoded !== undefined) return decoded;
  throw invalid(`${what} has a percent sign that does not begin an encoded UTF-8 character: ${JSON.stringify(text)}.`);
}

/**
 * Returns the query parameters by name. A plus sign means a space. Throws InvalidRequest when a parameter occurs twice or is not
 * allowed (clause 6.3.20).
 */
export function readParameters(query: string, allowed: readonly string[]): Readonly<Record<string, string>> {
  const params = readAllParameters(query);
  const unknown = Object.keys(params).find((name) => !allowed.includes(name));
  if (unknown !== undefined) throw invalid(unknownParameter(unknown, allowed));
  return params;
}

/** Returns all query parameters by name. Throws InvalidRequest when a parameter occurs twice. */
export function readAllParameters(query: string): Readonly<Record<string, string>> {
  if (query === '') return {};
  const pairs = query.split('&').flatMap((pair) => (pair === '' ? [] : [readPair(pair)]));
  const params = Object.fromEntries(pairs);
  if (Object.keys(params).length === pairs.length) return params;
  const twice = pairs.find(([name], index) => pairs.findIndex((pair) => pair[0] === name) < index)?.[0];
  throw invalid(`The parameter ${twice ?? ''} is given twice.`);
}

function readPair(pair: string): readonly [string, string] {
  const equals = pair.indexOf('=');
  const name = equals < 0 ? pair : pair.slice(0, equals);
  const value = equals < 0 ? '' : pair.slice(equals + 1);
  return [
    decodePercent(unplus(name), 'The name of a parameter'),
    decodePercent(unplus(value), `The parameter ${name}`),
  ];
}

const unplus = (text: string): string => (text.includes('+') ? text.replaceAll('+', ' ') : text);

const unknownParameter = (name: string, allowed: readonly string[]): string =>
  allowed.length === 0
    ? `There is no parameter ${JSON.stringify(name)} here, nor any other.`
    : `There is no parameter ${JSON.stringify(name)} here. Those there are: ${allowed.join(', ')}.`;

const invalid = (detail: string): Problem => new Problem('InvalidRequest', detail);
