/** Tests that the OpenAPI documents match the operation tables in both directions: paths, methods, names and parameters. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { logOperationHead } from '../../src/app/log-operation.ts';
import { aggregateOperationHeads } from '../../src/city/aggregate/aggregate-operations.ts';
import { indicatorOperationHeads } from '../../src/city/indicator/indicator-operations.ts';
import { jobOperationHeads } from '../../src/city/job/job-operations.ts';
import { keyOperationHeads } from '../../src/core/operation/access/keys.ts';
import type { Operation } from '../../src/core/operation/operation.ts';
import { v2RegistrationOperations } from '../../src/core/operation/registration/v2/operations.ts';
import { v2SubscriptionOperations } from '../../src/core/operation/subscription/v2/operations.ts';
import { operations } from '../../src/core/operation/table.ts';
import { quantumLeapOperations } from '../../src/core/operation/v2/quantumleap/table.ts';
import { sthOperations } from '../../src/core/operation/v2/sth/operations.ts';
import { v2EntityOperations } from '../../src/core/operation/v2/table.ts';
import { eventPaths } from '../../src/edge/stream/sse/streams.ts';

interface Reference {
  readonly $ref: string;
}
interface Described {
  readonly operationId: string;
  readonly parameters?: readonly Reference[];
  readonly requestBody?: Reference;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: {
    readonly parameters: Readonly<
      Record<string, { readonly name: string; readonly in: string; readonly schema: object }>
    >;
  };
}

type Head = Pick<Operation, 'name' | 'method' | 'path' | 'parameters' | 'body'>;

interface Case {
  /** The path of the API; a document may describe pages outside of it too. */
  readonly root: string;
  readonly heads: readonly Head[];
  /** More arrays than this are in the document. */
  readonly arrays: number;
}

const below = (root: string, heads: readonly Head[]): readonly Head[] =>
  heads.map((head) => ({ ...head, path: root + head.path }));

const cases: readonly (readonly [string, Case])[] = [
  [
    'openapi.yaml',
    {
      root: '/ngsi-ld/',
      heads: below('/ngsi-ld/v1', [
        ...operations,
        ...eventPaths,
        ...Object.values({ ...keyOperationHeads, ...jobOperationHeads }),
        ...aggregateOperationHeads,
        logOperationHead,
        ...indicatorOperationHeads,
      ]),
      arrays: 20,
    },
  ],
  [
    'openapi-v2.yaml',
    {
      root: '/',
      heads: [
        ...v2EntityOperations,
        ...v2SubscriptionOperations,
        ...v2RegistrationOperations,
        ...quantumLeapOperations,
        ...sthOperations,
      ],
      arrays: 10,
    },
  ],
];

const methods = new Set(['get', 'post', 'put', 'patch', 'delete']);

const operationsOf = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => methods.has(method))
      .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );

const queryParameters = ({ parameters = [] }: Described, { components }: Document): readonly string[] =>
  parameters
    .map(({ $ref }) => components.parameters[$ref.split('/').at(-1) ?? ''])
    .filter((parameter) => parameter?.in === 'query')
    .map((parameter) => parameter?.name ?? '')
    .sort();

/** Every object in a document. */
function* objectsIn(part: unknown): Generator<Readonly<Record<string, unknown>>> {
  if (typeof part !== 'object' || part === null) return;
  if (!Array.isArray(part)) yield part as Readonly<Record<string, unknown>>;
  for (const one of Object.values(part)) yield* objectsIn(one);
}

describe.each(cases)('%s', (file, { root, heads, arrays: arraysMin }) => {
  const document = parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')) as Document;
  const described = operationsOf(document);

  test('has every operation of the table, and no other of the API', () => {
    const told = described
      .filter(({ path }) => path.startsWith(root))
      .map(({ method, path, operation }) => `${method} ${path} ${operation.operationId}`);
    expect(told.sort()).toEqual(heads.map(({ method, path, name }) => `${method} ${path} ${name}`).sort());
  });

  test.each(heads.map((head) => [head.name, head] as const))(
    '%s takes the parameters that are described',
    (name, head) => {
      const found = described.find((one) => one.operation.operationId === name)?.operation;
      expect(found && queryParameters(found, document)).toEqual([...new Set(head.parameters)].sort());
      expect(found?.requestBody !== undefined).toBe(head.body !== 'none');
    },
  );

  test('no parameter has a default: clients that are made of the description would send it', () => {
    const sent = Object.entries(document.components.parameters).filter(([, { schema }]) => 'default' in schema);
    expect(sent.map(([name]) => name)).toEqual([]);
  });

  test('every array says what is in it', () => {
    const arrays = [...objectsIn(document)].filter(({ type }) => [type].flat().includes('array'));
    expect(arrays.length).toBeGreaterThan(arraysMin);
    expect(arrays.filter((one) => !('items' in one) && !('prefixItems' in one))).toEqual([]);
  });

  test('every reference leads somewhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map((match) => match[1] ?? '');
    const lost = references.filter((reference) => {
      let place: unknown = document;
      for (const step of reference.split('/')) place = (place as Record<string, unknown> | undefined)?.[step];
      return place === undefined;
    });
    expect([...new Set(lost)]).toEqual([]);
  });
});
