/** A small city, random grants on it, and two opinions about what they show: a naive one, and that of Cedar. */
import { isAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';

/** The operations that the opinions are about. */
export type Class = 'read' | 'write' | 'delete' | 'history';

/** An entity in terms of the test. */
export interface Thing {
  readonly id: string;
  readonly types: readonly string[];
  readonly scope: string;
  readonly attrs: Readonly<Record<string, number>>;
  /** Who created it. */
  readonly owner: string;
  /** Further attributes. */
  readonly more?: JsonObject;
}

/** Who created the entities, in turn. */
const owners = ['key:ana', 'key:bo', 'key:admin'] as const;

const names = ['p', 'r', 's'] as const;

const text = (value: Json): JsonObject => ({ type: 'Property', value });

/** Describes the data of types A and B in the catalogue of open data. */
const dataset: Thing = {
  id: 'urn:x:a:12',
  types: ['Dataset'],
  scope: '/k',
  attrs: {},
  owner: 'key:ana',
  more: { slug: text('town'), title: text('Town'), entityTypes: text(['A', 'B']), accessRights: text('PUBLIC') },
};

const lamps: readonly Thing[] = Array.from({ length: 12 }, (_, index) => ({
  id: `urn:x:${index % 2 === 0 ? 'a' : 'b'}:${index}`,
  types: [['A'], ['B'], ['A', 'B'], ['C']][index % 4] ?? [],
  scope: ['/k', '/k/m', '/l'][index % 3] ?? '/',
  attrs: Object.fromEntries(
    names.flatMap((name, at) => ((index >> at) % 3 === 2 ? [] : [[name, (index * (at + 2)) % 7]])),
  ),
  owner: owners[index % 3] ?? '',
}));

/** In the order in which they are created: one owner after the other. */
export const things: readonly Thing[] = owners.flatMap((owner) =>
  [...lamps, dataset].filter((thing) => thing.owner === owner),
);

/** The entity as a request gives it, as it was observed at one time. */
export const entityOf = ({ id, types, scope, attrs, more }: Thing): JsonObject => ({
  id,
  type: types,
  scope,
  ...more,
  next: {
    type: 'Relationship',
    object: things[(things.findIndex((one) => one.id === id) + 1) % things.length]?.id ?? '',
  },
  location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14 + Number(id.split(':')[3]) / 10, 46] } },
  ...Object.fromEntries(
    Object.entries(attrs).map(([name, value]) => [
      name,
      { type: 'Property', value, observedAt: '2026-03-01T08:00:00Z' },
    ]),
  ),
});

/** The names of all attributes of an entity of the city. */
const namesOf = ({ attrs, more }: Thing): readonly string[] => [
  ...Object.keys({ ...attrs, ...more }),
  ...['next', 'location'],
];

export interface TestGrant {
  readonly to: string;
  readonly operations: readonly Class[];
  readonly types?: readonly string[];
  /** The beginning of ids; the grant has it as a pattern. */
  readonly idStart?: string;
  readonly scopes?: readonly string[];
  readonly attrs?: readonly string[];
  /** `NAME>NUMBER`. */
  readonly q?: { readonly name: string; readonly least: number };
  readonly own?: true;
}

/** A grant, and who has it. */
export interface Held extends TestGrant {
  readonly holder: string;
}

const some = <T>(all: readonly T[]) => fc.subarray([...all], { minLength: 1 });
const restrictions = {
  types: some(['A', 'B', 'Dataset']),
  idStart: fc.constantFrom('urn:x:a', 'urn:x:b:1'),
  scopes: some(['/k', '/k/#', '/l']),
  attrs: some(['p', 'r', 'next', 'location', 'slug', 'entityTypes', 'accessRights']),
  own: fc.constant(true as const),
  q: fc.record({ name: fc.constantFrom(...names), least: fc.integer({ min: 0, max: 5 }) }),
};

/** With more restrictions, hardly anything would be granted. */
const restrictionsMax = 2;

const grants: fc.Arbitrary<TestGrant> = fc
  .subarray(Object.keys(restrictions), { maxLength: restrictionsMax })
  .chain((chosen) =>
    fc.record({
      to: fc.constantFrom('public', 'authenticated', 'role:staff', 'key:ana'),
      operations: some<Class>(['read', 'write', 'delete', 'history']),
      ...Object.fromEntries(Object.entries(restrictions).filter(([name]) => chosen.includes(name))),
    }),
  );

export const grantShapes = fc.array(grants, { minLength: 2, maxLength: 5 });

/** The grant as a request gives it. */
export const grantBody = ({ idStart, q, ...grant }: TestGrant): JsonObject => ({
  ...grant,
  ...(idStart === undefined ? undefined : { idPattern: `^${idStart}` }),
  ...(q === undefined ? undefined : { q: `${q.name}>${q.least}` }),
});

interface Sender {
  readonly as: string | undefined;
  readonly subject: string;
  readonly receives: readonly string[];
}

/** Senders of requests, and what grants to them name. */
export const senders: readonly Sender[] = [
  { as: undefined, subject: 'anonymous', receives: ['public'] },
  { as: 'key:bo', subject: 'key:bo', receives: ['public', 'authenticated', 'key:bo'] },
  { as: 'key:bo staff', subject: 'key:bo', receives: ['public', 'authenticated', 'key:bo', 'role:staff'] },
  { as: 'key:ana', subject: 'key:ana', receives: ['public', 'authenticated', 'key:ana'] },
];

const isWithin = (scope: string, pattern: string): boolean =>
  pattern.endsWith('/#') ? scope === pattern.slice(0, -2) || scope.startsWith(pattern.slice(0, -1)) : scope === pattern;

const covers = ({ types: of, idStart = '', scopes, q, own, holder }: Held, thing: Thing): boolean => {
  const { id, types, scope, attrs, owner } = thing;
  return [
    own !== true || owner === holder,
    of === undefined || of.some((type) => types.includes(type)),
    id.startsWith(idStart),
    scopes === undefined || scopes.some((own) => isWithin(scope, own)),
    q === undefined || (attrs[q.name] ?? -1) > q.least,
  ].every(Boolean);
};

/** The names of the attributes that may be accessed. Undefined: not even the entity. */
export function accessible(thing: Thing, operation: Class, given: readonly Held[]): readonly string[] | undefined {
  const covering = given.filter((grant) => grant.operations.includes(operation) && covers(grant, thing));
  if (covering.length === 0) return undefined;
  return namesOf(thing).filter((name) => covering.some(({ attrs }) => attrs?.includes(name) ?? true));
}

/** The same by Cedar: a policy for each grant, a request for each attribute. The name `@id` stands for the entity. */
export function accessibleByCedar(
  thing: Thing,
  operation: Class,
  { given, receives }: { readonly given: readonly Held[]; readonly receives: readonly string[] },
): readonly string[] | undefined {
  const staticPolicies = Object.fromEntries(given.map((grant, index) => [`g${index}`, policyOf(grant)]));
  const principal = { type: 'Sender', id: 'sender' };
  const parents = receives.map((id) => ({ type: 'Receiver', id }));
  const { id, types, scope, attrs, owner } = thing;
  const within = scope.split('/').map((_, index, levels) => levels.slice(0, index + 1).join('/'));
  const isAllowed = (attr: string): boolean => {
    const answer = isAuthorized({
      principal,
      action: { type: 'Action', id: operation },
      resource: { type: 'Entity', id },
      context: { id, types: [...types], scope, within, attr, owner, values: { ...attrs } },
      policies: { staticPolicies },
      entities: [{ uid: principal, attrs: {}, parents }],
    });
    if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors));
    return answer.response.decision === 'allow';
  };
  return isAllowed('@id') ? namesOf(thing).filter(isAllowed) : undefined;
}

function policyOf({ to, operations, types, idStart, scopes, attrs, q, own, holder }: Held): string {
  const list = (texts: readonly string[]): string => JSON.stringify(texts);
  const conditions = [
    types && `context.types.containsAny(${list(types)})`,
    idStart !== undefined && `context.id like ${JSON.stringify(`${idStart}*`)}`,
    scopes &&
      `(${scopes
        .map((own) =>
          own.endsWith('/#') ? `context.within.contains("${own.slice(0, -2)}")` : `context.scope == "${own}"`,
        )
        .join(' || ')})`,
    attrs && `${list(['@id', ...attrs])}.contains(context.attr)`,
    own && `context.owner == ${JSON.stringify(holder)}`,
    q && `context.values has ${q.name} && context.values.${q.name} > ${q.least}`,
  ].filter((condition) => typeof condition === 'string');
  const actions = operations.map((one) => `Action::"${one}"`).join(', ');
  const when = conditions.length > 0 ? ` when { ${conditions.join(' && ')} }` : '';
  return `permit(principal in Receiver::${JSON.stringify(to)}, action in [${actions}], resource)${when};`;
}

/** The part of an entity that is left with these attributes. */
export function partOf(thing: Thing, visible: readonly string[]): JsonObject {
  const kept = new Set([...visible, 'id', 'type', 'scope']);
  return Object.fromEntries(Object.entries(entityOf(thing)).filter(([name]) => kept.has(name)));
}
