/** Refuses what a batch must not write here: information that context sources have for themselves (clause 4.3.6.2). */
import { isProxied } from '../../federation/registration.ts';
import type { RegistrationSearch } from '../../federation/registration-index.ts';
import { anyOfTypes } from '../../language/filter.ts';
import type { Mutation } from '../../model/mutation.ts';
import { Problem } from '../../model/problem.ts';
import { matchingSources } from '../distributed/concerned-sources.ts';
import type { CallContext } from '../operation.ts';

/** Throws Conflict when an exclusive or redirect registration has a part of what the mutation writes. */
export async function refuseProxied(mutation: Mutation, index: RegistrationSearch, call: CallContext): Promise<void> {
  const { id } = mutation;
  if (!index.mayConcern(id)) return;
  const { types: given, attrs } = partOf(mutation);
  const types = given ?? (await call.store.get(id, call.now))?.types();
  const names = attrs && Object.keys(attrs);
  const demand = {
    selectors: [{ ids: [id], ...(types ? { types: anyOfTypes(types) } : undefined) }],
    attrs: names && names.length > 0 ? names : undefined,
  };
  const owner = matchingSources(index, { demand }, call).find(isProxied);
  if (owner)
    throw new Problem(
      'Conflict',
      `The source of the ${owner.mode} registration ${owner.id} has a part of it for itself; write the entity alone, because batches are not forwarded.`,
    );
}

/** Types and attributes that a mutation writes. Absent: they are not known, or all. */
function partOf(mutation: Mutation): { readonly types?: readonly string[]; readonly attrs?: object } {
  if ('entity' in mutation) return mutation.entity;
  return 'fragment' in mutation ? mutation.fragment : {};
}
