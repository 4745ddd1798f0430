/** Makes the filters that let a store find what grants cover. */
import type { EntitySelector, Filter, TypeSelection } from '../language/filter.ts';
import { attributesIn } from './filter-attributes.ts';
import type { Grant } from './grant.ts';

type Covered = {
  readonly [Name in 'types' | 'idPattern' | 'scopes' | 'own' | 'owner' | 'q']?: Grant[Name] | undefined;
};

/** The filter for the entities that a grant covers. */
export const filterOf = ({ types, idPattern, scopes, own, owner, q }: Covered): Filter => ({
  ...(types || idPattern ? { selectors: selectorsOf(types, idPattern) } : undefined),
  ...(scopes ? { scopeQ: { anyOf: scopes.map((scope) => ({ allOf: [scope] })) } } : undefined),
  ...(own ? ownedBy(owner) : undefined),
  ...(q ? { q } : undefined),
});

const ownedBy = (owner: string | undefined): Filter => (owner === undefined ? { anyOf: [] } : { owner });

const selectorsOf = (types: Covered['types'], idPattern: Covered['idPattern']): readonly EntitySelector[] => {
  const pattern = idPattern ? { idPattern } : undefined;
  return types ? types.map((type) => ({ types: { op: 'type', type }, ...pattern })) : [{ ...pattern }];
};

/** Most parts of a filter in a query plan. A longer one costs the store more than it saves. */
const alternativesMax = 20;
const typesMax = 200;

/** How a store finds what grants cover. */
export interface GrantedFilter {
  /** Selects all entities that may be accessed, and perhaps more. Absent: it would be too long for a query plan. */
  readonly filter?: Filter;
  /** Selects, of what the given filter selects, at least the entities that may be accessed. */
  readonly narrowed: (asked: Filter) => Filter;
  /** True when an entity is visible and matches in its visible part exactly if the whole entity matches `narrowed` of the filter. */
  readonly isExact: (asked: Filter) => boolean;
}

/** Filters that are shorter than all grants where the types that are asked for are granted whatever the entity. */
export function grantedFilter(grants: readonly Grant[]): GrantedFilter {
  const filter = filterOfAll(grants);
  const plain = plainByType(grants);
  const isCovered = (asked: Filter, enough: (own: readonly Grant[]) => boolean): boolean =>
    enough(plain.untyped) || (asked.selectors?.every(({ types }) => types && isWithin(types, plain, enough)) ?? false);
  return {
    ...(filter ? { filter } : undefined),
    narrowed: (asked) =>
      !filter || isCovered(asked, (own) => own.length > 0)
        ? asked
        : { ...asked, also: [...(asked.also ?? []), filter] },
    isExact: (asked) => {
      const names = attributesIn(asked);
      return (
        isCovered(asked, (own) => own.some((grant) => shows(grant, names))) ||
        (filter !== undefined && grants.every((grant) => shows(grant, names)))
      );
    },
  };
}

const isPlain = ({ idPattern, scopes, own, q }: Grant): boolean => !idPattern && !scopes && !own && !q;

const shows = ({ attrs }: Grant, names: ReadonlySet<string>): boolean =>
  attrs === undefined || [...names].every((name) => attrs.includes(name));

/** Grants that restrict only types and attributes. */
interface Plain {
  /** Those that cover every entity. */
  readonly untyped: readonly Grant[];
  /** Those that cover every entity of a type. */
  readonly byType: ReadonlyMap<string, readonly Grant[]>;
}

function plainByType(grants: readonly Grant[]): Plain {
  const plain = grants.filter(isPlain);
  const pairs = plain.flatMap((grant) => (grant.types ?? []).map((type) => ({ type, grant })));
  const byType = Map.groupBy(pairs, ({ type }) => type);
  return {
    untyped: plain.filter(({ types }) => types === undefined),
    byType: new Map([...byType].map(([type, own]) => [type, own.map(({ grant }) => grant)])),
  };
}

/** True when each entity that the selection selects has a type for which there are enough grants. */
function isWithin(selection: TypeSelection, plain: Plain, enough: (own: readonly Grant[]) => boolean): boolean {
  const within = (part: TypeSelection): boolean => isWithin(part, plain, enough);
  switch (selection.op) {
    case 'any':
      return false;
    case 'type':
      return enough(plain.byType.get(selection.type) ?? []);
    case 'and':
      return selection.parts.some(within);
    case 'or':
      return selection.parts.every(within);
  }
}

/** One filter for all grants. Grants that only name types and attributes become one list of types. */
function filterOfAll(grants: readonly Grant[]): Filter | undefined {
  const plain = grants.filter(isPlain);
  // Such a grant covers every entity: it only restricts attributes.
  if (plain.some(({ types }) => types === undefined)) return {};
  const types = new Set(plain.flatMap(({ types: own = [] }) => own));
  const alternatives = [
    ...(types.size > 0 ? [filterOf({ types: [...types] })] : []),
    ...grants.filter((grant) => !isPlain(grant)).map(filterOf),
  ];
  if (alternatives.length > alternativesMax || types.size > typesMax) return undefined;
  const [only] = alternatives;
  return alternatives.length === 1 ? only : { anyOf: alternatives };
}
