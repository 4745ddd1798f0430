/** Operations that add and delete @contexts (CIM 009 clauses 5.13.2, 5.13.5). */
import { isObject } from '../../model/json.ts';
import { badData, Problem } from '../../model/problem.ts';
import { writeHead } from '../heads.ts';
import type { OperationResult, OperationRequest, CallContext, Operation } from '../operation.ts';
import { readBoolean } from '../parameters.ts';
import { findContext, findStoredDocument } from './find.ts';
import { contextPath, contextCollection, type StoredContext } from './stored-context.ts';
import type { TenantCollection } from './usage.ts';

const common = { ...writeHead, takesContext: true } as const;

export const addContext: Operation = {
  ...common,
  name: 'addContext',
  checksDocuments: true,
  clause: '5.13.2',
  method: 'POST',
  path: '/jsonldContexts',
  parameters: [],
  body: 'object',
  unknownTenant: 'create',
  async run({ body }, call) {
    const context = isObject(body) ? body['@context'] : undefined;
    if (context === undefined)
      throw new Problem('InvalidRequest', 'The body needs a member @context, which it is all about.');
    if (context === null) throw badData('A @context must be a URL, an object or an array of these, not null.');
    const { contexts, ids } = call.services;
    await contexts.check(context);
    const id = ids.next('Context');
    await contexts.change(id, () => ({ kind: 'Hosted', createdAt: call.now, context }), placeOf(call));
    return { kind: 'created', location: contextPath(id, call.tenant) };
  },
};

export const deleteContext: Operation = {
  ...common,
  name: 'deleteContext',
  access: 'delete',
  clause: '5.13.5',
  method: 'DELETE',
  path: '/jsonldContexts/{contextId}',
  parameters: ['reload', 'tenant'],
  body: 'none',
  async run(request, call): Promise<OperationResult> {
    if (isReload(request)) await reload(request, call);
    else await remove(request, call);
    return { kind: 'done' };
  },
};

/** `reload` without a value counts as absent. */
const isReload = ({ params }: OperationRequest): boolean =>
  params['reload'] !== '' && (readBoolean(params, 'reload') ?? false);

async function remove(request: OperationRequest, call: CallContext): Promise<void> {
  const found = await findStoredDocument(request.path['contextId'] ?? '', call);
  if (found === 'core') throw badData('The core @context cannot be deleted.');
  if (found === undefined || !(await call.services.contexts.remove(found.key, placeOf(call))))
    throw new Problem('ResourceNotFound', `There is no @context ${nameOf(request)}.`);
}

/** Only a downloaded @context can be downloaded again: `reload` of an unknown @context is BadRequestData. */
async function reload(request: OperationRequest, call: CallContext): Promise<void> {
  const found = await findContext(request, call);
  if (found === 'core') return;
  if (found === undefined) throw badData(`There is no @context ${nameOf(request)} that could be loaded again.`);
  const { key, kept } = found;
  if (kept.kind !== 'Cached')
    throw badData(`The @context ${key} is ${kept.kind}: only a Cached one can be loaded again.`);
  const { contexts } = call.services;
  await contexts.reload(key);
  // Do not restore a @context that was deleted meanwhile.
  const anew = (now: StoredContext | undefined): StoredContext | undefined => {
    const lastUsage = contexts.lastUsage(key, call.tenant) ?? now?.lastUsage;
    return now && { kind: now.kind, createdAt: call.now, ...(lastUsage === undefined ? undefined : { lastUsage }) };
  };
  await contexts.change(key, anew, placeOf(call));
}

const nameOf = ({ path }: OperationRequest): string => JSON.stringify(path['contextId']);

const placeOf = ({ tenant, store }: CallContext): TenantCollection => ({
  tenant,
  collection: store.collection(contextCollection),
});
