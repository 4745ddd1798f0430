/** Reads single elements of a batch, in their own @context if they have one (clauses 5.5.11, 6.3.5). */
import type { Context } from '../../jsonld/context.ts';
import { refuseManyMembers } from '../../model/entity-size.ts';
import { isObject, type Json } from '../../model/json.ts';
import { badData, Problem } from '../../model/problem.ts';
import type { CallContext } from '../operation.ts';
import type { ElementResult } from './answer.ts';

/** Reads one element, for example into a mutation. Throws a Problem when the element is not valid. */
export type ReadElement<T> = (element: Json, call: CallContext) => T | Promise<T>;

/** The context for one element: with its own list of broken rules when the caller wants warnings. */
export const forElement = (call: CallContext): CallContext =>
  call.wantsModelWarnings === true ? { ...call, brokenRules: [] } : call;

/** The ending of an element that could not be read. */
export const refusalOf = (element: Json, { report }: Problem): ElementResult => ({
  id: idOf(element),
  outcome: { status: 'refused', problem: report },
});

/** Reads an element in its own @context if it has one. Returns the problem if it cannot be read. */
export async function readElement<T>(element: Json, call: CallContext, read: ReadElement<T>): Promise<T | Problem> {
  try {
    if (!isObject(element)) return await read(element, call);
    refuseManyMembers(element, call.services.limits);
    const { '@context': context, ...rest } = element;
    if (!call.contextPerElement) {
      if (context === undefined) return await read(element, call);
      throw badData(
        'An element in application/json must not hold an @context; use application/ld+json or a Link header.',
      );
    }
    if (context === undefined) throw badData('An element in application/ld+json needs an @context.');
    return await read(rest, { ...call, context: await contextOf(context, call) });
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

async function contextOf(context: Json, { services, tenant }: CallContext): Promise<Context> {
  const resolved = await services.contexts.resolve(context, tenant);
  const noting = services.contexts.recordUse(resolved, tenant);
  if (noting) await noting;
  return resolved;
}

/** The id that a faulty element names, as far as it can be found. */
function idOf(element: Json): string {
  const named = isObject(element) ? (element['id'] ?? element['@id']) : element;
  return typeof named === 'string' ? named : JSON.stringify(named ?? null).slice(0, 200);
}
