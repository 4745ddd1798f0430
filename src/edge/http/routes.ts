/** Builds the route table, a tree over path segments, and finds the operation for a request in it. */
import type { Operation } from '../../core/operation/operation.ts';
import { badData, Problem } from '../../core/model/problem.ts';
import { bodyTypes } from './body.ts';
import { Refusal } from './refusal.ts';
import type { Headers } from './reply.ts';
import { decodePercent } from './target.ts';

/** A node of the tree: the operations of its path, and the child nodes. */
interface Node<T> {
  readonly fixed: Map<string, Node<T>>;
  readonly operations: Map<string, T>;
  /** The name of a variable segment, and the node that it leads to. */
  named?: { readonly name: string; readonly node: Node<T> };
}

export type Routes<T = Operation> = Node<T>;

/** An operation with the decoded variable parts of its path. */
export interface Route<T = Operation> {
  readonly operation: T;
  readonly path: Readonly<Record<string, string>>;
}

const createNode = <T>(): Node<T> => ({ fixed: new Map(), operations: new Map() });

/** The members that every kind of route has. */
type MethodAndPath = Pick<Operation, 'method' | 'path'>;

/** Creates the tree of operations. */
export function createRoutes<T extends MethodAndPath>(operations: readonly T[]): Routes<T> {
  const root = createNode<T>();
  for (const operation of operations) nodeFor(root, operation.path).operations.set(operation.method, operation);
  return root;
}

/** Returns the node of a path such as `/entities/{id}`, and creates it when it does not exist. */
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

/** The result of matching a path. */
interface MatchedPath<T> {
  readonly node: Node<T>;
  readonly path: Readonly<Record<string, string>>;
  /** True when the path ends with a slash where the id of an entity is missing. */
  readonly isIdMissing: boolean;
}

/**
 * Finds the operation for a method and a path below `/ngsi-ld/v1`. HEAD is handled as GET. A trailing slash is ignored. Throws
 * ResourceNotFound for an unknown path, Refusal 405 for an undefined method, and BadRequestData when the id of an entity is empty.
 */
export function findRoute<T>(routes: Routes<T>, method: string, path: string): Route<T> {
  const { node, path: parts, isIdMissing } = matchPath(routes, path);
  const operation = node.operations.get(method === 'HEAD' ? 'GET' : method);
  const empty = Object.keys(parts).find((name) => parts[name] === '');
  if (operation && empty === undefined) return { operation, path: parts };
  if (operation || isIdMissing) refuseIncompletePath(isIdMissing ? 'id' : empty, method, parts);
  throw notAllowed(method, node, empty);
}

/** A missing id is bad data. A missing attribute name of an instance is bad data only for DELETE, as the standard's test suite expects. */
function refuseIncompletePath(
  empty: string | undefined,
  method: string,
  parts: Readonly<Record<string, string>>,
): void {
  if (empty === 'id') throw badData('The id of the entity is missing in the path.');
  if (empty === 'attr' && method === 'DELETE' && parts['instanceId'])
    throw badData('The name of the attribute is missing in the path.');
}

/** The headers of the response to OPTIONS: the methods of a path, and the media types of patches. Throws ResourceNotFound. */
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
  if (!node || node.operations.size === 0) {
    throw new Problem('ResourceNotFound', `There is nothing at ${path}.`);
  }
  return { node, path: found, isIdMissing: isSlashed && path === '/entities/' };
}

/**
 * Returns the index after the path part that starts at segment `at`. A part is one segment, except for a URL that is not
 * percent-encoded, as entity ids often are. A URL extends to the last segment that matches a fixed child, or to the end of the
 * path.
 */
function endOfPart<T>({ named }: Node<T>, segments: readonly string[], at: number): number {
  const isUrl = /^https?:$/i.test(segments[at] ?? '') && segments[at + 1] === '';
  if (!named || !isUrl) return at + 1;
  const end = segments.findLastIndex((segment, place) => place > at + 2 && named.node.fixed.has(segment));
  return end < 0 ? segments.length : end;
}

/** The child node for a segment. The value of a variable segment is stored in `found`. */
function next<T>(node: Node<T> | undefined, segment: string, found: Record<string, string>): Node<T> | undefined {
  const fixed = node?.fixed.get(segment);
  if (fixed || !node?.named) return fixed;
  found[node.named.name] = decodePercent(segment, 'The path');
  return node.named.node;
}
