/** Reads the header Fiware-ServicePath as NGSI v2 defines it: service paths are scopes, and `/` is the lack of one. */
import type { Filter, ScopePattern } from '../language/filter.ts';
import { badRequest } from './problem.ts';

/** The maximum of paths in one header. */
const pathsMax = 10;
const levelsMax = 10;
const levelLengthMax = 50;

/** The entities that a request may read; undefined for all. Without the header, these are all. Throws BadRequest. */
export function readPaths(header: string | undefined): Filter | undefined {
  if (header === undefined || header === '') return undefined;
  const paths = header.split(',').map((path) => readPath(path.trim()));
  if (paths.length > pathsMax) throw badRequest('too many service paths - a maximum of ten service paths is allowed');
  const filters = paths.map(filterOf);
  return filters.includes(undefined) ? undefined : { anyOf: filters.flatMap((filter) => filter ?? []) };
}

/** True when a request with this header reads in the path of a registration. */
export function isInPaths(servicePath: string, header: string | undefined): boolean {
  if (header === undefined || header === '') return true;
  const own = readPath(servicePath).levels;
  return header.split(',').some((path) => {
    const { levels, deep } = readPath(path.trim());
    return (deep || levels.length === own.length) && levels.every((level, index) => level === own[index]);
  });
}

/** Where a request writes. */
export interface WritePath {
  /** The scope of entities that it creates. Absent: none. */
  readonly scope?: string;
  /** The entities that it may change. */
  readonly filter: Filter;
}

/** The path of a write: `/` without the header. `what` names the request in messages. Throws BadRequest. */
export function readWritePath(header: string | undefined, isDeletion: boolean): WritePath {
  if (header === undefined || header === '') return { filter: noScope };
  const where = isDeletion ? 'is not allowed in DELETE operation' : 'in patch update request is not allowed';
  const [path = '', ...others] = header.split(',').map((text) => text.trim());
  if (others.length > 0) throw badRequest(`more than one servicepath ${where}`);
  const pattern = readPath(path);
  if (pattern.deep)
    throw badRequest(
      `servicepath with wildcard # is not allowed in ${isDeletion ? 'DELETE operation' : 'patch update request'}`,
    );
  return pattern.levels.length === 0
    ? { filter: noScope }
    : { scope: `/${pattern.levels.join('/')}`, filter: { scopeQ: { anyOf: [{ allOf: [pattern] }] } } };
}

/** Entities without a scope: those at the path `/`. */
const noScope: Filter = { q: { op: 'missing', path: { attr: 'scope', sub: [], inside: [], text: 'scope' } } };

/** Undefined for `/#`, which is all. */
function filterOf(pattern: ScopePattern): Filter | undefined {
  if (pattern.levels.length > 0) return { scopeQ: { anyOf: [{ allOf: [pattern] }] } };
  return pattern.deep ? undefined : noScope;
}

function readPath(path: string): ScopePattern {
  if (!path.startsWith('/'))
    throw badRequest('Only /absolute/ Service Paths allowed [a service path must begin with /]');
  const levels = path.replace(/\/+$/, '').split('/').slice(1);
  const deep = levels.at(-1) === '#';
  if (deep) levels.pop();
  if (levels.length > levelsMax) throw badRequest('too many components in ServicePath');
  for (const level of levels) checkLevel(level);
  return { levels, deep };
}

function checkLevel(level: string): void {
  if (level === '') throw badRequest('empty component in ServicePath');
  if (level.length > levelLengthMax) throw badRequest('component-name too long in ServicePath');
  if (!/^\w+$/.test(level)) throw badRequest('a component of ServicePath contains an illegal character');
}
