/** Reads the header Fiware-ServicePath (docs/compatibility.md). A service path restricts a request to a scope of the tenant. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Domain } from '../../core/access/domain.ts';
import type { Action } from '../../core/access/principal.ts';
import type { ScopePattern } from '../../core/language/filter.ts';
import { badData } from '../../core/model/problem.ts';
import { isScope, scopeLevels } from '../../core/model/scope.ts';

/** Maximum number of service paths in one header. */
const pathsMax = 10;

/**
 * Returns the domain that restricts a request; undefined for the whole tenant. Throws BadRequestData for an invalid service path,
 * or for a path that cannot be written to.
 */
export function readServicePath(headers: IncomingHttpHeaders, action: Action): Domain | undefined {
  const sent = headers['fiware-servicepath'];
  if (sent === undefined || sent === '') return undefined;
  const paths = String(sent)
    .split(',')
    .map((path) => path.trim());
  if (action === 'write') return readOne(paths);
  if (paths.length > pathsMax)
    throw badData(`The header Fiware-ServicePath may name at most ${pathsMax} paths, not ${paths.length}.`);
  const reads = paths.map((path) => patternOf(path.replace(/\/#$/, '/')));
  return reads.some(({ levels }) => levels.length === 0) ? undefined : { reads };
}

function readOne(paths: readonly string[]): Domain | undefined {
  const [path = ''] = paths;
  if (paths.length > 1)
    throw badData(`A write is to one service path; the header Fiware-ServicePath names ${paths.length}.`);
  if (path.includes('#'))
    throw badData(`A write is to one service path; the header Fiware-ServicePath cannot be ${JSON.stringify(path)}.`);
  const pattern = patternOf(path);
  return pattern.levels.length === 0 ? undefined : { reads: [pattern], creates: path.replace(/\/$/, '') };
}

/** A pattern for the scope and everything below it. No levels: everything. */
function patternOf(path: string): ScopePattern {
  const plain = path.replace(/\/$/, '');
  if (plain === '' && path !== '') return { levels: [], deep: true };
  if (plain.startsWith('/') && isScope(plain)) return { levels: scopeLevels(plain), deep: true };
  throw badData(
    `A service path on this road is a scope: / or names of letters, digits and _ that begin with a letter, such as /Kranj/Mlaka, not ${JSON.stringify(path)}.`,
  );
}
