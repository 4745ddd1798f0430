/** Performs API operations that arrive as frames. */
import type { Identity } from '../../../core/access/identity.ts';
import { isArray, isObject, type Json } from '../../../core/model/json.ts';
import { badData, Problem } from '../../../core/model/problem.ts';
import { quoted } from '../../../core/model/read/id.ts';
import { type Text, wholeText } from '../../../core/operation/long-text.ts';
import type {
  OperationResult,
  OperationRequest,
  Caller,
  Operation,
  Page,
  Services,
} from '../../../core/operation/operation.ts';
import { perform } from '../../../core/operation/perform.ts';
import type { RequestFrame } from './read-frame.ts';
import { responseFrame } from './write-frame.ts';

/** The client of a connection, and the default @context of its frames. Both are fixed when the connection opens. */
export interface Peer extends Pick<Caller, 'tenant' | 'context' | 'address'> {
  readonly identity: Identity;
}

/** Returns the status and the text of the response frame. Throws a Problem when the operation fails. */
export type CarryOut = (frame: RequestFrame, peer: Peer) => Promise<{ readonly status: number; readonly text: string }>;

export function createCarryOut({
  operations,
  services,
}: {
  readonly operations: readonly Operation[];
  readonly services: Services;
}): CarryOut {
  const byName = new Map(operations.map((operation) => [operation.name, operation]));
  return async (frame, peer) => {
    const operation = byName.get(frame.operation);
    if (!operation) throw new Problem('ResourceNotFound', `There is no operation ${quoted(frame.operation)}.`);
    const request = toOperationRequest(operation, frame);
    const caller = await readCaller(operation, frame, { peer, services });
    const answer = await perform(operation, request, { caller, services });
    const isPart = answer.kind === 'found' && answer.range !== undefined;
    const status = isPart ? 206 : statusOf[answer.kind];
    return { status, text: await writeResponse(answer, frame.id, status) };
  };
}

const statusOf: Readonly<Record<OperationResult['kind'], number>> = {
  created: 201,
  createdMany: 201,
  done: 204,
  warned: 200,
  partly: 207,
  found: 200,
  plain: 200,
  document: 200,
  events: 200,
};

/**
 * Splits `params` into path parts and query parameters. Throws InvalidRequest for an unknown parameter, a missing path part, or
 * an invalid body.
 */
function toOperationRequest(
  { name, path: template, parameters, body: wanted }: Operation,
  { params, body }: RequestFrame,
): OperationRequest {
  const parts = [...template.matchAll(/\{(\w+)\}/g)].flatMap(([, part]) => part ?? []);
  const missing = parts.find((part) => params[part] === undefined);
  if (missing !== undefined)
    throw new Problem('InvalidRequest', `The operation ${name} needs the parameter ${missing}.`);
  const others = Object.entries(params).filter(([param]) => !parts.includes(param));
  const unknown = others.find(([param]) => !parameters.includes(param));
  if (unknown) throw new Problem('InvalidRequest', `The operation ${name} has no parameter ${quoted(unknown[0])}.`);
  checkBody(name, wanted, body);
  return {
    path: Object.fromEntries(Object.entries(params).filter(([param]) => parts.includes(param))),
    params: Object.fromEntries(others),
    ...(body === undefined ? undefined : { body }),
  };
}

function checkBody(name: string, wanted: Operation['body'], body: Json | undefined): void {
  if (wanted === 'none' && body !== undefined)
    throw new Problem('InvalidRequest', `The operation ${name} takes no body.`);
  if (wanted === 'array' && !isArray(body))
    throw new Problem('InvalidRequest', `The operation ${name} needs an array as body.`);
  if (wanted !== 'none' && wanted !== 'objectOrNone' && body === undefined)
    throw new Problem('InvalidRequest', `The operation ${name} needs a body.`);
}

async function readCaller(
  { media }: Operation,
  { context, body }: RequestFrame,
  { peer, services }: { peer: Peer; services: Services },
): Promise<Caller> {
  const isPerElement = isArray(body) && body.some((element) => isObject(element) && element['@context'] !== undefined);
  if (isPerElement && context !== undefined)
    throw badData('An @context may be in the frame or in the elements of its body, not in both.');
  const [first = 'json'] = media;
  return {
    tenant: peer.tenant,
    ...(peer.address === undefined ? undefined : { address: peer.address }),
    principal: services.access.principalOf(peer.identity),
    ...(services.access.isOpen ? undefined : { presentPrincipal: () => services.access.principalOf(peer.identity) }),
    context: context === undefined ? peer.context : await services.contexts.resolve(context, peer.tenant),
    media: media.includes('json') ? 'json' : first,
    ...(isPerElement ? { contextPerElement: true } : undefined),
  };
}

/** Maximum length in characters of a result in one frame. */
const answerMax = 16 * 2 ** 20;

/** Throws TooManyResults when the result is too long for one frame. */
async function textIn(text: Text): Promise<string> {
  const whole = await wholeText(text, answerMax);
  if (whole !== undefined) return whole;
  throw new Problem('TooManyResults', `The answer has more than ${answerMax} characters; lower limit, or ask by HTTP.`);
}

async function writeResponse(answer: OperationResult, id: string, status: number): Promise<string> {
  switch (answer.kind) {
    case 'created':
      return responseFrame({ id, status, location: answer.location }, answer.body && JSON.stringify(answer.body));
    case 'createdMany':
      return responseFrame({ id, status }, JSON.stringify(answer.ids));
    case 'done':
      return responseFrame({ id, status }, undefined);
    case 'warned':
    case 'partly':
      return responseFrame({ id, status }, JSON.stringify(answer.body));
    case 'plain':
    case 'document':
    case 'events':
      throw new Problem('OperationNotSupported', 'Events and documents are had by HTTP.');
    case 'found':
      return responseFrame(
        { id, status, position: answer.position, ...pageMembers(answer.page), partAfter: answer.range?.end },
        await textIn(answer.text),
      );
  }
}

const pageMembers = (page: Page | undefined): { readonly count?: number | undefined; readonly hasMore?: boolean } =>
  page ? { count: page.count, hasMore: page.hasMore } : {};
