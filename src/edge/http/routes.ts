/** The route table: a tree over path segments, built once from what can be asked for, that finds the one for a request. */
import type { Operation } from '../../core/operation/operation.ts';
import { badData, Problem } from '../../core/model/problem.ts';
import { bodyTypes } from './body.ts';
import { notYet } from './not-yet.ts';
import { Refusal } from './refusal.ts';
import type { Headers } from './reply.ts';
import { decodePercent } from './target.ts';

/** A place in the tree: what may be done there, and where it goes on. */
interface Node<T> {
  readonly fixed: Map<string, Node<T>>;
  readonly operations: Map<string, T>;
  /** Methods that the standard has here and the broker has not yet. */
  readonly missing: Set<string>;
  /** Where a variable segment leads, and its name. */
  named?: { readonly name: string; readonly node: Node<T> };
}

export type Routes<T = Operation> = Node<T>;

/** An operation, with the variable parts of its path, decoded. */
export interface Route<T = Operation> {
  readonly operation: T;
  readonly path: Readonly<Record<string, string>>;
}

const createNode = <T>(): Node<T> => ({ fixed: new Map(), operations: new Map(), missing: new Set() });

/** What is known of everything that can be asked for. */
type MethodAndPath = Pick<Operation, 'method' | 'path'>;

/** The tree of some operations, and of those that are to come. */
export function createRoutes<T extends MethodAndPath>(
  operations: readonly T[],
  missing: readonly MethodAndPath[] = notYet,
): Routes<T> {
  const root = createNode<T>();
  for (const operation of operations) nodeFor(root, operation.path).operations.set(operation.method, operation);
  for (const { method, path } of missing) nodeFor(root, path).missing.add(method);
  return root;
}

/** The node of a path such as `/entities/{id}`, made where it is not there. */
function nodeFor<T>(root: Node<T>, path: string): Node<T> {
  let node = root;
  for (const segment of path.split('/').slice(1)) node = child(node, segment);
  return node;
}

function child<T>(node: Node<T>, segment: string): Node<T> {
  const name = /^\{(.*)\}$/.exec(segment)?.[1];
  if (name === undefined) {
    const next = node.fixed.get(segment) ?? createNode<T>();
    node.fixed.set(segment, next);
    return next;
  }
  node.named ??= { name, node: createNode() };
  if (node.named.name !== name) throw new Error(`A path calls ${name} what another one calls ${node.named.name}.`);
  return node.named.node;
}

/** Where a path leads. */
interface MatchedPath<T> {
  readonly node: Node<T>;
  readonly path: Readonly<Record<string, string>>;
  /** True when the path, without its last slash, goes on to an entity whose id is missing. */
  readonly lacksId: boolean;
}

/**
 * The operation for a method and a path below `/ngsi-ld/v1`, HEAD being taken as GET. A slash at the end does not
 * count. Throws ResourceNotFound for a path that does not exist, Refusal 405 for a method that does not, NotYet for
 * what is to come, BadRequestData where the id of an entity is empty (conflict 12).
 */
export function findRoute<T>(routes: Routes<T>, method: string, path: string): Route<T> {
  const { node, path: parts, lacksId } = matchPath(routes, path);
  const operation = node.operations.get(method === 'HEAD' ? 'GET' : method);
  const empty = Object.keys(parts).find((name) => parts[name] === '');
  if (operation && empty === undefined) return { operation, path: parts };
  if (!operation && node.missing.has(method)) throw new NotYet(method, path);
  if (operation || lacksId) refuseHalfPath(lacksId ? 'id' : empty, method, parts);
  throw notAllowed(method, node, empty);
}

/** A missing id is bad data; of an instance's missing attribute only a DELETE is, where the standard's test suite tells the two apart. */
function refuseHalfPath(empty: string | undefined, method: string, parts: Readonly<Record<string, string>>): void {
  if (empty === 'id') throw badData('The id of the entity is missing in the path.');
  if (empty === 'attr' && method === 'DELETE' && parts['instanceId'])
    throw badData('The name of the attribute is missing in the path.');
}

/** Thrown for an operation of the standard that is to come. */
export class NotYet extends Error {
  constructor(method: string, path: string) {
    super(`${method} ${path} is an operation of NGSI-LD that this version of Mlaka does not have yet.`);
  }
}

/** What OPTIONS tells of a path: its methods, and the media types of patches. Throws ResourceNotFound. */
export function describePath(routes: Routes<unknown>, path: string): Headers {
  const { node } = matchPath(routes, path);
  const patch = node.operations.has('PATCH') ? { 'Accept-Patch': bodyTypes('PATCH').join(', ') } : undefined;
  return { Allow: allowed(node).join(', '), ...patch };
}

function allowed({ operations }: Node<unknown>): readonly string[] {
  const methods = [...operations.keys()];
  return [...methods, ...(operations.has('GET') ? ['HEAD'] : []), 'OPTIONS'];
}

function notAllowed(method: string, node: Node<unknown>, empty: string | undefined): Refusal {
  const allow = allowed(node).join(', ');
  const why = empty === undefined ? `Those defined are ${allow}.` : `The part ${empty} of the path is empty.`;
  return new Refusal(405, `The method ${method} is not defined here. ${why}`, { Allow: allow });
}

function matchPath<T>(routes: Routes<T>, path: string): MatchedPath<T> {
  const segments = path.split('/').slice(1);
  const isSlashed = segments.length > 1 && segments.at(-1) === '';
  if (isSlashed) segments.pop();
  const found: Record<string, string> = {};
  let node: Node<T> | undefined = routes;
  for (let at = 0; at < segments.length; ) {
    const end: number = node ? endOfPart(node, segments, at) : at + 1;
    const part = end === at + 1 ? segments[at] : segments.slice(at, end).join('/');
    node = next(node, part ?? '', found);
    at = end;
  }
  if (!node || node.operations.size + node.missing.size === 0) {
    throw new Problem('ResourceNotFound', `There is nothing at ${path}.`);
  }
  return { node, path: found, lacksId: isSlashed && path === '/entities/' };
}

/**
 * Where the part of a path ends that begins at a segment: behind it, but where it is a URL that was not percent-encoded, as ids
 * often are, before the last segment by which the path can go on.
 */
function endOfPart<T>({ named }: Node<T>, segments: readonly string[], at: number): number {
  const isUrl = /^https?:$/i.test(segments[at] ?? '') && segments[at + 1] === '';
  if (!named || !isUrl) return at + 1;
  const end = segments.findLastIndex((segment, place) => place > at + 2 && named.node.fixed.has(segment));
  return end < 0 ? segments.length : end;
}

/** The node that a segment leads to; a variable one is noted down in `found`. */
function next<T>(node: Node<T> | undefined, segment: string, found: Record<string, string>): Node<T> | undefined {
  const fixed = node?.fixed.get(segment);
  if (fixed || !node?.named) return fixed;
  found[node.named.name] = decodePercent(segment, 'The path');
  return node.named.node;
}
