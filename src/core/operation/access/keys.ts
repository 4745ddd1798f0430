/** Operations of administrators on API keys. */
import { readAccessName, readNewKey, type DescribedKey } from '../../port/access-key.ts';
import { isObject, type JsonObject } from '../../model/json.ts';
import { badData, Problem } from '../../model/problem.ts';
import { quoted } from '../../model/read/id.ts';
import type { Keys } from '../../port/keys.ts';
import type { CallContext, Operation, OperationRequest } from '../operation.ts';

/** Most seconds that an old secret may stay valid beside a new one: 30 days. */
const overlapMax = 30 * 86_400;
const overlapInitial = 86_400;

const head = {
  clause: '5.15',
  access: 'administer',
  parameters: [],
  media: ['json'],
  unknownTenant: 'ignore',
  takesContext: true,
} as const satisfies Partial<Operation>;

const keyPath = '/access/keys/{name}';

/** What openapi.yaml describes of the operations. */
export const keyOperationHeads = {
  createKey: { ...head, name: 'createKey', method: 'POST', path: '/access/keys', action: 'write', body: 'object' },
  listKeys: { ...head, name: 'listKeys', method: 'GET', path: '/access/keys', action: 'read', body: 'none' },
  retrieveKey: { ...head, name: 'retrieveKey', method: 'GET', path: keyPath, action: 'read', body: 'none' },
  revokeKey: { ...head, name: 'revokeKey', method: 'DELETE', path: keyPath, action: 'write', body: 'none' },
  rotateKey: {
    ...head,
    name: 'rotateKey',
    method: 'POST',
    path: `${keyPath}/rotate`,
    action: 'write',
    body: 'object',
  },
} as const satisfies Readonly<Record<string, Omit<Operation, 'run'>>>;

/** Opens the keys when an operation needs them first. */
type OpenKeys = () => Promise<Keys>;

export const createKeyOperations = (openKeys: OpenKeys): readonly Operation[] => [
  ...readingOperations(openKeys),
  ...writingOperations(openKeys),
];

const readingOperations = (openKeys: OpenKeys): readonly Operation[] => [
  {
    ...keyOperationHeads.listKeys,
    async run(_request, call) {
      requireAdministrator(call);
      const keys = await (await openKeys()).list();
      return { kind: 'found', text: JSON.stringify(keys.map(keyJson)) };
    },
  },
  {
    ...keyOperationHeads.retrieveKey,
    async run(request, call) {
      requireAdministrator(call);
      return { kind: 'found', text: JSON.stringify(keyJson(await (await openKeys()).describe(nameIn(request)))) };
    },
  },
];

const writingOperations = (openKeys: OpenKeys): readonly Operation[] => [
  {
    ...keyOperationHeads.createKey,
    async run({ body }, call) {
      requireAdministrator(call);
      const wanted = readNewKey(body, call.now);
      const key = await (await openKeys()).create(wanted);
      return { kind: 'created', location: locationOf(wanted.name), body: { name: wanted.name, key } };
    },
  },
  {
    ...keyOperationHeads.revokeKey,
    async run(request, call) {
      requireAdministrator(call);
      await (await openKeys()).revoke(nameIn(request));
      return { kind: 'done' };
    },
  },
  {
    ...keyOperationHeads.rotateKey,
    async run(request, call) {
      requireAdministrator(call);
      const name = nameIn(request);
      const key = await (await openKeys()).rotate(name, readOverlap(request));
      return { kind: 'created', location: locationOf(name), body: { name, key } };
    },
  },
];

/** While access is open, everybody is anonymous: nobody may then make a key that outlives that. */
function requireAdministrator({ principal: { identity } }: CallContext): void {
  if (identity.roles.includes('administrator')) return;
  throw new Problem(
    'Forbidden',
    'Only an administrator may see and change keys. On the machine of the broker, use the command mlaka keys.',
  );
}

const nameIn = ({ path }: OperationRequest): string => readAccessName(path['name'], 'The name of the key');

const locationOf = (name: string): string => `/ngsi-ld/v1/access/keys/${name}`;

function readOverlap({ body }: OperationRequest): number {
  const { overlapSeconds = overlapInitial, ...others } = isObject(body) ? body : {};
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw badData(`There is no member ${quoted(unknown)} here. There is: overlapSeconds.`);
  if (Number.isSafeInteger(overlapSeconds) && Number(overlapSeconds) >= 0 && Number(overlapSeconds) <= overlapMax)
    return Number(overlapSeconds);
  throw badData(`overlapSeconds must be a whole number from 0 to ${overlapMax}, not ${quoted(overlapSeconds)}.`);
}

const keyJson = ({ secrets, roles, ...key }: DescribedKey): JsonObject => ({
  ...key,
  roles: [...roles],
  secrets: secrets.map((secret) => ({ ...secret })),
});
