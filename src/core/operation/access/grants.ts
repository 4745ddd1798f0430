/** Operations of administrators on grants: list, create, retrieve, replace, delete. */
import { decide } from '../../access/decision.ts';
import { administers, mayGrant } from '../../access/delegation.ts';
import {
  contentIn,
  type GrantContent,
  type GrantDocument,
  grantCollection,
  grantDocumentIn,
  grantJson,
  grantOf,
  readGrantContent,
} from '../../access/grant-document.ts';
import { everything } from '../../access/policy.ts';
import { receiversOf } from '../../access/receivers.ts';
import { isObject, type Json } from '../../model/json.ts';
import { badData, Problem, readStored } from '../../model/problem.ts';
import { quoted, readId } from '../../model/read/id.ts';
import { readEach } from '../../port/document-collection.ts';
import type { DocumentCollection } from '../../port/store.ts';
import { readHead, writeHead } from '../heads.ts';
import type { CallContext, Operation, OperationRequest, OperationResult } from '../operation.ts';
import { pageOf, readPaging } from '../parameters.ts';
import { withContext } from '../view.ts';

const head = { clause: '5.15', access: 'administer', unknownTenant: 'ignore' } as const satisfies Partial<Operation>;
const all = '/access/grants';
const one = `${all}/{id}`;

/** Most grants of a broker. */
const grantsMax = 10_000;

export const listGrants: Operation = {
  ...readHead,
  ...head,
  name: 'listGrants',
  path: all,
  parameters: ['limit', 'offset', 'count'],
  async run(request, call) {
    requireIdentity(call);
    const paging = readPaging(request.params, call.services.limits);
    const grants = readEach(await (await grantsOf(call)).list(), grantIn, (about, cause) =>
      call.services.observe({ kind: 'failed', where: 'grants', about, cause }),
    ).filter(({ id, content }) => administers(call.principal, grantOf(id, content)));
    const rest = grants.slice(paging.offset, paging.offset + paging.limit + 1);
    const texts = rest.slice(0, paging.limit).map((grant) => textOf(grant, call));
    const page = pageOf(rest.length, paging, paging.isCounted ? grants.length : undefined);
    return { kind: 'found', text: `[${texts.join(',')}]`, page };
  },
};

export const retrieveGrant: Operation = {
  ...readHead,
  ...head,
  name: 'retrieveGrant',
  path: one,
  parameters: [],
  async run(request, call) {
    requireIdentity(call);
    const id = idOf(request);
    return { kind: 'found', text: textOf(found(id, await (await grantsOf(call)).get(id), call), call) };
  },
};

export const createGrant: Operation = {
  ...writeHead,
  ...head,
  name: 'createGrant',
  method: 'POST',
  path: all,
  parameters: [],
  body: 'object',
  async run(request, call) {
    requireIdentity(call);
    const { id: named, content } = readBody(request, call);
    const id = named ?? call.services.ids.next('Grant');
    refuseMore(id, content, call);
    const collection = await grantsOf(call);
    if ((await collection.keys()).length >= grantsMax)
      throw new Problem('TooManyResults', `There are ${grantsMax} grants, which are the most that a broker may have.`);
    const document = { id, content, version: 1, ...created(call), ...modified(call) };
    if (!(await collection.replace(id, undefined, grantJson(document))))
      throw new Problem('AlreadyExists', `There is a grant ${id} already.`);
    await call.services.access.refresh(id);
    return { kind: 'created', location: `/ngsi-ld/v1/access/grants/${id}` };
  },
};

export const replaceGrant: Operation = {
  ...writeHead,
  ...head,
  name: 'replaceGrant',
  method: 'PUT',
  path: one,
  parameters: [],
  body: 'object',
  run: (request, call) => {
    const { id: named, version, content } = readBody(request, call);
    const id = idOf(request);
    if (named !== undefined && named !== id)
      throw badData(`The id of a grant cannot change; it is ${id}, not ${quoted(named)}.`);
    return change(id, call, (before) => {
      if (version !== undefined && version !== before.version)
        throw new Problem('Conflict', `The grant ${id} is at version ${before.version}, not ${version}.`);
      refuseMore(id, content, call);
      refuseSelfLoss(id, content, call);
      return { ...before, content, version: before.version + 1, ...modified(call) };
    });
  },
};

export const deleteGrant: Operation = {
  ...writeHead,
  ...head,
  name: 'deleteGrant',
  method: 'DELETE',
  path: one,
  parameters: [],
  body: 'none',
  run: async (request, call) => {
    const id = idOf(request);
    if (await deleteUnreadable(id, call)) return { kind: 'done' };
    return change(id, call, () => {
      refuseSelfLoss(id, undefined, call);
      return undefined;
    });
  },
};

/** Deletes a grant that cannot be read, which gives nothing, for those who administer all tenants. Returns false for any other grant. */
async function deleteUnreadable(id: string, call: CallContext): Promise<boolean> {
  if (!everything.every((grant) => administers(call.principal, grant))) return false;
  const collection = await grantsOf(call);
  const kept = await collection.get(id);
  const isUnreadable =
    kept !== undefined && readEach([{ key: id, document: kept }], grantIn, () => undefined).length === 0;
  return isUnreadable && (await collection.replace(id, kept, undefined));
}

const grantIn = ({ document }: { readonly document: Json }): GrantDocument => grantDocumentIn(document);

/** Replaces the document, or deletes it when `next` returns nothing. Throws ResourceNotFound, Forbidden, Conflict. */
async function change(
  id: string,
  call: CallContext,
  next: (before: GrantDocument) => GrantDocument | undefined,
): Promise<OperationResult> {
  requireIdentity(call);
  const collection = await grantsOf(call);
  const kept = await collection.get(id);
  const before = found(id, kept, call);
  refuseMore(id, before.content, call);
  const after = next(before);
  if (!(await collection.replace(id, kept, after && grantJson(after))))
    throw new Problem('Conflict', `The grant ${id} was changed by another at this moment.`);
  await call.services.access.refresh(id);
  return { kind: 'done' };
}

/** Grants are for all tenants, and are kept in the default one. */
async function grantsOf({ services }: CallContext): Promise<DocumentCollection> {
  const store = await services.stores.open('', true);
  if (!store) throw new Error('The default tenant is missing.');
  return store.collection(grantCollection);
}

/** While access is open, everybody is anonymous: nobody may then make a grant that outlives that. */
function requireIdentity({ principal: { identity } }: CallContext): void {
  if (identity.kind === 'anonymous')
    throw new Problem('Forbidden', 'Grants are for administrators with credentials, and for the command mlaka grants.');
}

const idOf = ({ path }: OperationRequest): string => readId(path['id'], 'the id of the grant');

interface GrantBody {
  readonly id: string | undefined;
  readonly version: number | undefined;
  readonly content: GrantContent;
}

/** Members that answers have and the broker sets are ignored, so that an answer can be sent back. */
function readBody({ body }: OperationRequest, { context }: CallContext): GrantBody {
  const { id, type = 'Grant', version, ...given } = isObject(body) ? body : {};
  const { createdAt: _at, createdBy: _by, modifiedAt: _later, modifiedBy: _who, ...content } = given;
  if (type !== 'Grant') throw badData(`The type of a grant must be "Grant", not ${quoted(type)}.`);
  if (version !== undefined && typeof version !== 'number')
    throw badData(`The version of a grant must be a number, not ${quoted(version)}.`);
  return {
    id: id === undefined ? undefined : readId(id, 'the id of the grant'),
    version,
    content: readGrantContent(content, context),
  };
}

const created = ({ now, principal }: CallContext): Pick<GrantDocument, 'createdAt' | 'createdBy'> => ({
  createdAt: now,
  createdBy: principal.identity.subject,
});

const modified = ({ now, principal }: CallContext): Pick<GrantDocument, 'modifiedAt' | 'modifiedBy'> => ({
  modifiedAt: now,
  modifiedBy: principal.identity.subject,
});

/** The grant, if the caller administers its tenants. Throws ResourceNotFound. */
function found(id: string, kept: Parameters<typeof grantDocumentIn>[0] | undefined, call: CallContext): GrantDocument {
  const grant = kept === undefined ? undefined : readStored('A grant', () => grantDocumentIn(kept));
  if (grant && administers(call.principal, grantOf(id, grant.content))) return grant;
  throw new Problem('ResourceNotFound', `There is no grant ${id}.`);
}

/** Nobody gives, changes or takes more than he has. */
function refuseMore(id: string, content: GrantContent, { principal }: CallContext): void {
  if (!mayGrant(principal, grantOf(id, content)))
    throw new Problem('Forbidden', 'A grant may give only what you have yourself, in tenants that you administer.');
}

/** Whoever changes grants stays an administrator. So there is always one. */
function refuseSelfLoss(id: string, after: GrantContent | undefined, { principal, tenant }: CallContext): void {
  const others = principal.grants.filter((grant) => grant.id !== id);
  const isOwn = after !== undefined && receiversOf(principal.identity).includes(after.to);
  const left = isOwn ? [...others, grantOf(id, after)] : others;
  if (decide(left, 'administer', tenant).extent !== 'full')
    throw new Problem(
      'Conflict',
      'After this you would be no administrator any more. Another administrator may do it.',
    );
}

const textOf = ({ id, content, ...document }: GrantDocument, call: CallContext): string =>
  withContext(JSON.stringify({ id, type: 'Grant', ...contentIn(content, call.context), ...document }), call);
