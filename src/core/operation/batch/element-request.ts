/** Writes the requests by which elements of a batch are sent to sources: together, or one by one. */
import type { Context } from '../../jsonld/context.ts';
import { isObject, type Json } from '../../model/json.ts';
import type { SourceRequest } from '../../port/sources.ts';
import type { OperationRequest } from '../operation.ts';
import { requestOf, type SourceTarget } from '../distributed/source-request.ts';
import { type ForwardedElement, reducedBody, renamingFor } from '../distributed/source-write-request.ts';

type Params = OperationRequest['params'];

/** A request with elements of a batch, in the names of the source. `asked` is the @context of the elements. */
export function batchRequest(
  target: SourceTarget,
  {
    path,
    params,
    elements,
    asked,
  }: { path: string; params: Params; elements: readonly ForwardedElement[]; asked: Context },
): SourceRequest {
  const rename = renamingFor(target, asked);
  const body = elements.map((element) => reducedBody(element, { rename, asked, context: target.context }) ?? null);
  const { local: _local, ...others } = params;
  const own = target.registration.handling.isLocalOnly ? { ...others, local: 'true' } : others;
  return requestOf(target, { method: 'POST', path, params: own, body });
}

/** The request with one element of a batch, to an operation on one entity. */
export function elementRequest(
  target: SourceTarget,
  {
    single,
    element,
    asked,
  }: { single: SingleRequest; element: ForwardedElement & { readonly id: string }; asked: Context },
): SourceRequest {
  const rename = renamingFor(target, asked);
  const whole = reducedBody(element, { rename, asked, context: target.context });
  const body = single.body === 'none' ? undefined : single.body === 'entity' ? whole : attributesOf(whole);
  const local = target.registration.handling.isLocalOnly ? { local: 'true' } : undefined;
  return requestOf(target, {
    method: single.method,
    path: single.path.replace('{id}', encodeURIComponent(element.id)),
    params: { ...single.params, ...local },
    ...(body === undefined ? undefined : { body }),
  });
}

/** An operation on one entity, and what its body is. */
interface SingleRequest {
  readonly method: SourceRequest['method'];
  readonly path: string;
  readonly params?: Params;
  readonly body: 'entity' | 'attributes' | 'none';
}

/** The entity without its id and types. */
const attributesOf = (json: Json | undefined): Json | undefined => {
  if (!isObject(json)) return json;
  const { id: _id, '@id': _iri, type: _type, '@type': _types, ...attributes } = json;
  return attributes;
};
