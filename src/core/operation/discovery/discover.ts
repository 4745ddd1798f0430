/** Operations that list the existing entity types and attributes (clauses 5.7.5 to 5.7.10), from the store's summary. */
import type { Terms } from '../../model/entity.ts';
import type { Json } from '../../model/json.ts';
import { Problem } from '../../model/problem.ts';
import { isReserved, readAttributeName, readTypeName } from '../../model/read/name.ts';
import type { TypeSummary } from '../../port/store.ts';
import { readHead } from '../heads.ts';
import type { OperationResult, OperationRequest, CallContext, Operation } from '../operation.ts';
import { readBoolean } from '../parameters.ts';
import { withContext } from '../view.ts';

export const retrieveTypes: Operation = {
  ...readHead,
  name: 'retrieveTypes',
  clause: '5.7.5',
  path: '/types',
  parameters: ['details', 'local'],
  async run(request, call) {
    const { types } = await call.store.summary();
    const { context } = call;
    if (!isDetailed(request))
      return found(
        {
          id: call.services.ids.next('EntityTypeList'),
          type: 'EntityTypeList',
          typeList: sorted(types.map(({ type }) => context.compact(type))),
        },
        call,
      );
    return foundAll(types, (type) => typeDetails(type, context), call);
  },
};

const typeDetails = ({ type, attrs }: TypeSummary, terms: Terms): Json => ({
  id: type,
  type: 'EntityType',
  typeName: terms.compact(type),
  attributeNames: sorted(attrs.map(({ name }) => terms.compact(name))),
});

export const retrieveType: Operation = {
  ...readHead,
  name: 'retrieveType',
  clause: '5.7.7',
  path: '/types/{type}',
  parameters: ['local'],
  async run(request, call) {
    const iri = readTypeName(request.path['type'] ?? '', call.context);
    const summary = (await call.store.summary()).types.find(({ type }) => type === iri);
    if (!summary) throw new Problem('ResourceNotFound', `There is no entity of the type ${iri}.`);
    const attributeDetails = summary.attrs.map(({ name, kinds }) => ({
      id: name,
      type: 'Attribute',
      attributeName: call.context.compact(name),
      attributeTypes: kinds,
    }));
    return found(
      {
        id: iri,
        type: 'EntityTypeInfo',
        typeName: call.context.compact(iri),
        entityCount: summary.entities,
        attributeDetails,
      },
      call,
    );
  },
};

export const retrieveAttributes: Operation = {
  ...readHead,
  name: 'retrieveAttributes',
  clause: '5.7.8',
  path: '/attributes',
  parameters: ['details', 'local'],
  async run(request, call) {
    const { types } = await call.store.summary();
    const { context } = call;
    const uses = usesOf(types, context);
    const names = [...uses.keys()];
    if (!isDetailed(request))
      return found(
        {
          id: call.services.ids.next('AttributeList'),
          type: 'AttributeList',
          attributeList: sorted(names.map((name) => context.compact(name))),
        },
        call,
      );
    const details = (name: string): Json => ({
      id: name,
      type: 'Attribute',
      attributeName: context.compact(name),
      typeNames: sorted(uses.get(name) ?? []),
    });
    return foundAll(names, details, call);
  },
};

export const retrieveAttribute: Operation = {
  ...readHead,
  name: 'retrieveAttribute',
  clause: '5.7.10',
  path: '/attributes/{attr}',
  parameters: ['local'],
  async run(request, call) {
    const { context } = call;
    const name = request.path['attr'] ?? '';
    // Reserved members of entities have names, but they are not attributes.
    if (isReserved(name)) throw new Problem('ResourceNotFound', `There is no attribute ${name}.`);
    const iri = readAttributeName(name, context);
    const { types } = await call.store.summary();
    const uses = types.flatMap(({ attrs }) => attrs.filter(({ name }) => name === iri));
    if (uses.length === 0) throw new Problem('ResourceNotFound', `There is no attribute ${iri}.`);
    return found(
      {
        id: iri,
        type: 'Attribute',
        attributeName: context.compact(iri),
        attributeCount: uses.reduce((sum, { entities }) => sum + entities, 0),
        attributeTypes: sorted([...new Set(uses.flatMap(({ kinds }) => kinds))]),
        typeNames: typeNames(iri, types, context),
      },
      call,
    );
  },
};

/** For each attribute (expanded name): the names of the types whose entities have it. */
function usesOf(types: readonly TypeSummary[], terms: Terms): ReadonlyMap<string, readonly string[]> {
  const uses = new Map<string, string[]>();
  for (const { type, attrs } of types) {
    const typeName = terms.compact(type);
    for (const { name } of attrs) {
      const known = uses.get(name);
      if (known) known.push(typeName);
      else uses.set(name, [typeName]);
    }
  }
  return uses;
}

const isDetailed = ({ params }: OperationRequest): boolean => readBoolean(params, 'details') ?? false;

const typeNames = (attr: string, types: readonly TypeSummary[], terms: Terms): readonly string[] =>
  sorted(types.filter(({ attrs }) => attrs.some(({ name }) => name === attr)).map(({ type }) => terms.compact(type)));

const sorted = (names: readonly string[]): readonly string[] => [...names].sort();

const found = (document: Json, call: CallContext): OperationResult => ({
  kind: 'found',
  text: withContext(JSON.stringify(document), call),
});

/** One document for each element. Yields to the event loop between them. */
async function foundAll<T>(
  all: readonly T[],
  documentOf: (one: T) => Json,
  call: CallContext,
): Promise<OperationResult> {
  const texts: string[] = [];
  for (const one of all) {
    const pause = call.services.yieldToEventLoop();
    if (pause) await pause;
    texts.push(withContext(JSON.stringify(documentOf(one)), call));
  }
  return { kind: 'found', text: `[${texts.join(',')}]` };
}
