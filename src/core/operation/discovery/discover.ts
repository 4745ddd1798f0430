/** Operations that list the existing entity types and attributes, here and at context sources (clauses 5.7.5 to 5.7.10). */
import type { Terms } from '../../model/entity.ts';
import type { Json } from '../../model/json.ts';
import { Problem, ProblemWithWarnings } from '../../model/problem.ts';
import { isReserved, readAttributeName, readTypeName } from '../../model/read/name.ts';
import { readHead } from '../heads.ts';
import type { OperationResult, OperationRequest, CallContext, Operation } from '../operation.ts';
import { readBoolean } from '../parameters.ts';
import { withContext } from '../view.ts';
import { discover } from './source-discovery.ts';

export const retrieveTypes: Operation = {
  ...readHead,
  name: 'retrieveTypes',
  clause: '5.7.5',
  path: '/types',
  parameters: ['details', 'local', 'explain'],
  async run(request, call) {
    const { context } = call;
    const details = isDetailed(request);
    const operation = details ? 'retrieveEntityTypeDetails' : 'retrieveEntityTypes';
    const asked = { operation, path: () => '/types', isDetailed: details };
    const { known, warnings } = await discover(asked, request.params, call);
    const types = inOrder(known.types);
    if (details)
      return foundAll(types, ([type, { attrs }]) => typeDetails(type, attrs.keys(), context), { call, warnings });
    const list = {
      id: call.services.ids.next('EntityTypeList'),
      type: 'EntityTypeList',
      typeList: shortened(known.types.keys(), context),
    };
    return found(list, { call, warnings });
  },
};

const typeDetails = (type: string, attrs: Iterable<string>, terms: Terms): Json => ({
  id: type,
  type: 'EntityType',
  typeName: terms.compact(type),
  attributeNames: shortened(attrs, terms),
});

export const retrieveType: Operation = {
  ...readHead,
  name: 'retrieveType',
  clause: '5.7.7',
  path: '/types/{type}',
  parameters: ['local', 'explain'],
  async run(request, call) {
    const { context } = call;
    const type = readTypeName(request.path['type'] ?? '', context);
    const { known, warnings } = await discover(
      {
        operation: 'retrieveEntityTypeInfo',
        path: (compact) => `/types/${encodeURIComponent(compact(type))}`,
        isDetailed: false,
        type,
      },
      request.params,
      call,
    );
    const one = known.types.get(type);
    if (!one)
      throw new ProblemWithWarnings(
        { type: 'ResourceNotFound', detail: `There is no entity of the type ${type}.` },
        warnings,
      );
    const attributeDetails = [...one.attrs].map(([name, kinds]) => ({
      id: name,
      type: 'Attribute',
      attributeName: context.compact(name),
      attributeTypes: [...kinds],
    }));
    const info = {
      id: type,
      type: 'EntityTypeInfo',
      typeName: context.compact(type),
      entityCount: one.count,
      attributeDetails,
    };
    return found(info, { call, warnings });
  },
};

export const retrieveAttributes: Operation = {
  ...readHead,
  name: 'retrieveAttributes',
  clause: '5.7.8',
  path: '/attributes',
  parameters: ['details', 'local', 'explain'],
  async run(request, call) {
    const { context } = call;
    const details = isDetailed(request);
    const operation = details ? 'retrieveAttrTypeDetails' : 'retrieveAttrTypes';
    const asked = { operation, path: () => '/attributes', isDetailed: details };
    const { known, warnings } = await discover(asked, request.params, call);
    if (details)
      return foundAll(
        inOrder(known.attrs),
        ([name, { types }]) => ({
          id: name,
          type: 'Attribute',
          attributeName: context.compact(name),
          typeNames: shortened(types, context),
        }),
        { call, warnings },
      );
    const list = {
      id: call.services.ids.next('AttributeList'),
      type: 'AttributeList',
      attributeList: shortened(known.attrs.keys(), context),
    };
    return found(list, { call, warnings });
  },
};

export const retrieveAttribute: Operation = {
  ...readHead,
  name: 'retrieveAttribute',
  clause: '5.7.10',
  path: '/attributes/{attr}',
  parameters: ['local', 'explain'],
  async run(request, call) {
    const { context } = call;
    const name = request.path['attr'] ?? '';
    // Reserved members of entities have names, but they are not attributes.
    if (isReserved(name)) throw new Problem('ResourceNotFound', `There is no attribute ${name}.`);
    const attr = readAttributeName(name, context);
    const { known, warnings } = await discover(
      {
        operation: 'retrieveAttrTypeInfo',
        path: (compact) => `/attributes/${encodeURIComponent(compact(attr))}`,
        isDetailed: false,
        attr,
      },
      request.params,
      call,
    );
    const one = known.attrs.get(attr);
    if (!one)
      throw new ProblemWithWarnings({ type: 'ResourceNotFound', detail: `There is no attribute ${attr}.` }, warnings);
    const info = {
      id: attr,
      type: 'Attribute',
      attributeName: context.compact(attr),
      attributeCount: one.count,
      attributeTypes: [...one.kinds].sort(),
      typeNames: shortened(one.types, context),
    };
    return found(info, { call, warnings });
  },
};

const isDetailed = ({ params }: OperationRequest): boolean => readBoolean(params, 'details') ?? false;

/** The entries by expanded name. */
const inOrder = <Value>(known: ReadonlyMap<string, Value>): readonly (readonly [string, Value])[] =>
  [...known].sort(([a], [b]) => (a < b ? -1 : 1));

/** The names in the @context of the request, sorted. */
const shortened = (names: Iterable<string>, terms: Terms): readonly string[] =>
  [...names].map((name) => terms.compact(name)).sort();

interface Answering {
  readonly call: CallContext;
  /** Values of NGSILD-Warning. */
  readonly warnings: readonly string[];
}

const found = (document: Json, { call, warnings }: Answering): OperationResult => ({
  kind: 'found',
  text: withContext(JSON.stringify(document), call),
  warnings,
});

/** One document for each element. Yields to the event loop between them. */
async function foundAll<T>(
  all: readonly T[],
  documentOf: (one: T) => Json,
  { call, warnings }: Answering,
): Promise<OperationResult> {
  const texts: string[] = [];
  for (const one of all) {
    const pause = call.services.yieldToEventLoop();
    if (pause) await pause;
    texts.push(withContext(JSON.stringify(documentOf(one)), call));
  }
  return { kind: 'found', text: `[${texts.join(',')}]`, warnings };
}
