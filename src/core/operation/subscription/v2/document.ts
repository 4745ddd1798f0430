/** Creates the document of a v2 subscription from a request, and patches it. */
import { isObject, type JsonObject } from '../../../model/json.ts';
import type { SubscriptionDocument } from '../../../model/subscription.ts';
import { badRequest } from '../../../v2/problem.ts';
import { readPaths } from '../../../v2/service-path.ts';
import { storedMembers } from '../../../v2/subscription/read-subscription.ts';
import { withSecretsKeptV2 } from '../../../v2/subscription/secrets.ts';
import type { CallContext } from '../../operation.ts';
import { createDocument } from '../document.ts';

/** The document of a new subscription. Throws BadRequest. */
export async function newV2Document(body: JsonObject, call: CallContext): Promise<SubscriptionDocument> {
  const members = storedMembers(withSecretsKeptV2(body));
  return { ...(await createDocument(newId(call), members, call)), v2: { servicePath: readServicePath(call) } };
}

/** 24 hexadecimal digits, as clients cut them from Location and keep them in fields of this length. */
const newId = ({ services }: CallContext): string =>
  services.ids.next('Subscription').replace(/^.*:/, '').replaceAll('-', '').slice(0, 24);

/** Throws BadRequest. */
function readServicePath(call: CallContext): string {
  const path = servicePathIn(call) ?? '/#';
  if (path.includes(',')) throw badRequest('max one service-path allowed for subscriptions');
  readPaths(path);
  return path;
}

/** The header Fiware-ServicePath of the request. Undefined: it has none. */
export function servicePathIn({ headers = {} }: Pick<CallContext, 'headers'>): string | undefined {
  const sent = headers['fiware-servicepath'];
  return sent === undefined || sent === '' ? undefined : String(sent);
}

/** Members of a notification that stay when a patch does not give them. */
const kept = ['attrsFormat', 'onlyChangedAttrs', 'covered'];

/** The document after a patch, in the service path of the request if it names one: given members replace the old ones as a whole, but some of `notification` stay. Throws BadRequest. */
export function patchV2Document(
  document: SubscriptionDocument,
  patch: JsonObject,
  call: CallContext,
): SubscriptionDocument {
  if (Object.keys(patch).length === 0) throw badRequest('empty payload');
  const { members } = document;
  const given = withSecretsKeptV2(patch, members);
  const { notification: before } = members;
  const { notification } = given;
  const merged =
    isObject(notification) && isObject(before)
      ? { notification: { ...pick(before, kept), ...notification } }
      : undefined;
  const moved = servicePathIn(call) === undefined ? undefined : { v2: { servicePath: readServicePath(call) } };
  return { ...document, ...moved, members: storedMembers({ ...members, ...given, ...merged }), modifiedAt: call.now };
}

const pick = (json: JsonObject, names: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(json).filter(([name]) => names.includes(name)));
