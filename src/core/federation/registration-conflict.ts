/** The rules by which exclusive and redirect registrations exclude others and local data (clauses 4.3.6.3, 5.9.2.4). */
import { anyOfTypes, type EntitySelector, type Filter } from '../language/filter.ts';
import type { Instant } from '../model/instant.ts';
import type { EntityInfo, Information, Mode, Registration } from './registration.ts';
import type { RegistrationIndex } from './registration-index.ts';

/** True when the source alone has the information: the broker stores none of it (clause 4.3.6.1). */
export const isProxied = ({ mode }: Pick<Registration, 'mode'>): boolean => mode === 'exclusive' || mode === 'redirect';

/**
 * Another registration that must not have the same information. An exclusive one must not share an entity and attribute with any exclusive
 * or redirect one. Redirect ones may overlap each other.
 */
export function overlappingRegistration(
  registration: Registration,
  index: RegistrationIndex,
  now: Instant,
): Registration | undefined {
  if (!isProxied(registration)) return undefined;
  const excluded: readonly Mode[] = registration.mode === 'exclusive' ? ['exclusive', 'redirect'] : ['exclusive'];
  for (const { entities, attrs } of registration.information) {
    const demand = {
      ...(entities ? { selectors: entities.map(selectorOf) } : undefined),
      ...(attrs ? { attrs } : undefined),
    };
    const other = index.matching(demand, now).find(({ id, mode }) => id !== registration.id && excluded.includes(mode));
    if (other) return other;
  }
  return undefined;
}

/** The filters of the local entities that must not exist beside the registration. One that matches any of them is a conflict. */
export const conflictingEntities = (registration: Registration): readonly Filter[] =>
  isProxied(registration) ? registration.information.map((one) => filterOf(one, registration.mode)) : [];

/** An exclusive registration is of the entity with the id, whatever its type. */
function filterOf({ entities, attrs }: Information, mode: Mode): Filter {
  const selectors = entities?.map(selectorOf);
  const own = mode === 'exclusive' ? selectors?.map(({ types: _types, ...rest }) => rest) : selectors;
  return { ...(own ? { selectors: own } : undefined), ...(attrs ? { attrs } : undefined) };
}

/** The entities of an EntityInfo as a selector. */
function selectorOf({ id, idPattern, types }: EntityInfo): EntitySelector {
  return {
    ...(id === undefined ? undefined : { ids: [id] }),
    ...(id === undefined && idPattern !== undefined ? { idPattern: { source: idPattern } } : undefined),
    ...(types.length === 0 ? undefined : { types: anyOfTypes(types) }),
  };
}
