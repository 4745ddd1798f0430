/** Operations that list and serve the stored @contexts (CIM 009 clauses 5.13.3, 5.13.4). */
import { coreContextUrl } from '../../jsonld/known/core-context.ts';
import type { JsonObject } from '../../model/json.ts';
import { badData, Problem } from '../../model/problem.ts';
import { readEach } from '../../port/document-collection.ts';
import { readHead } from '../heads.ts';
import type { OperationRequest, CallContext, Operation } from '../operation.ts';
import { readBoolean } from '../parameters.ts';
import { findContext, type FoundContext } from './find.ts';
import { contextKinds, contextPath, contextCollection, type ContextKind, storedContextIn } from './stored-context.ts';

const common = { ...readHead, checksDocuments: true, takesContext: true } as const;

export const listContexts: Operation = {
  ...common,
  name: 'listContexts',
  clause: '5.13.3',
  path: '/jsonldContexts',
  parameters: ['details', 'kind'],
  async run(request, call) {
    const isDetailed = readBoolean(request.params, 'details') ?? false;
    const kind = readKind(request);
    const kept = readEach(
      await call.store.collection(contextCollection).list(),
      ({ key, document }) => ({ key, kept: storedContextIn(document) }),
      (key, cause) => call.services.observe({ kind: 'failed', where: '@context', about: key, cause }),
    );
    const found = [coreContext(call), ...kept].filter((one) => kind === undefined || one.kept.kind === kind);
    const list = found.map((one) => (isDetailed ? detailsOf(one, call) : urlOf(one, call)));
    return { kind: 'found', text: JSON.stringify(list) };
  },
};

export const serveContext: Operation = {
  ...common,
  name: 'serveContext',
  clause: '5.13.4',
  path: '/jsonldContexts/{contextId}',
  parameters: ['details', 'tenant'],
  // Clients and other brokers download it by its URL, as an @context of any web server.
  access: 'public',
  async run(request, call) {
    const isDetailed = readBoolean(request.params, 'details') ?? false;
    if (isDetailed && call.principal.rights('read', call.tenant).extent === 'none')
      throw new Problem(
        'Forbidden',
        `${call.principal.identity.subject} has no grant to read here, which details need.`,
      );
    const found = await findContext(request, call);
    if (found === undefined)
      throw new Problem('ResourceNotFound', `There is no @context ${JSON.stringify(request.path['contextId'])}.`);
    const one = found === 'core' ? coreContext(call) : found;
    if (isDetailed) return { kind: 'found', text: JSON.stringify(detailsOf(one, call)) };
    const { context } = one.kept;
    if (context !== undefined) return { kind: 'found', text: JSON.stringify({ '@context': context }) };
    throw new Problem(
      'OperationNotSupported',
      `The @context at ${one.key} is only a copy: it is served there, not here.`,
    );
  },
};

function readKind({ params }: OperationRequest): ContextKind | undefined {
  const text = params['kind'];
  const kind = contextKinds.find((one) => one === text);
  if (text === undefined || kind !== undefined) return kind;
  throw badData(`The parameter kind may be ${contextKinds.join(', ')}, not ${JSON.stringify(text)}.`);
}

/** The core context is listed as Cached, although it is part of the broker. */
const coreContext = ({ services }: CallContext): FoundContext => ({
  key: coreContextUrl,
  kept: { kind: 'Cached', createdAt: services.contexts.openedAt },
});

/** The details of a @context (clause 5.13.3.5). */
function detailsOf(one: FoundContext, call: CallContext): JsonObject {
  const { key, kept } = one;
  const lastUsage = call.services.contexts.lastUsage(key, call.tenant) ?? kept.lastUsage;
  return {
    URL: urlOf(one, call),
    localId: key,
    kind: kept.kind,
    createdAt: kept.createdAt,
    ...(lastUsage === undefined ? undefined : { lastUsage }),
  };
}

const urlOf = ({ key, kept }: FoundContext, { origin = '', tenant }: CallContext): string =>
  kept.kind === 'Cached' ? key : origin + contextPath(key, tenant);
