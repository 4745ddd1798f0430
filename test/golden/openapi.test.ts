/** Tests that openapi.yaml matches the operation table in both directions: paths, methods, names and parameters. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { keyOperationHeads } from '../../src/core/operation/access/keys.ts';
import { operations as table } from '../../src/core/operation/table.ts';
import { eventPaths } from '../../src/edge/stream/sse/streams.ts';

const operations = [...table, ...eventPaths, ...Object.values(keyOperationHeads)];

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

const document = parse(readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8')) as Document;
const methods = new Set(['get', 'post', 'put', 'patch', 'delete']);

const described = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item)
    .filter(([method]) => methods.has(method))
    .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

const queryParameters = ({ parameters = [] }: Described): readonly string[] =>
  parameters
    .map(({ $ref }) => document.components.parameters[$ref.split('/').at(-1) ?? ''])
    .filter((parameter) => parameter?.in === 'query')
    .map((parameter) => parameter?.name ?? '')
    .sort();

/** Every object in a document. */
function* objectsIn(part: unknown): Generator<Readonly<Record<string, unknown>>> {
  if (typeof part !== 'object' || part === null) return;
  if (!Array.isArray(part)) yield part as Readonly<Record<string, unknown>>;
  for (const one of Object.values(part)) yield* objectsIn(one);
}

describe('openapi.yaml', () => {
  test('has every operation of the table, and no other of the API', () => {
    const told = described
      .filter(({ path }) => path.startsWith('/ngsi-ld/'))
      .map(({ method, path, operation }) => `${method} ${path} ${operation.operationId}`);
    expect(told.sort()).toEqual(
      operations.map(({ method, path, name }) => `${method} /ngsi-ld/v1${path} ${name}`).sort(),
    );
  });

  test.each(operations.map((operation) => [operation.name, operation] as const))(
    '%s takes the parameters that are described',
    (name, operation) => {
      const found = described.find((one) => one.operation.operationId === name)?.operation;
      expect(found && queryParameters(found)).toEqual([...new Set(operation.parameters)].sort());
      expect(found?.requestBody !== undefined).toBe(operation.body !== 'none');
    },
  );

  test('no parameter has a default: clients that are made of the description would send it', () => {
    const sent = Object.entries(document.components.parameters).filter(([, { schema }]) => 'default' in schema);
    expect(sent.map(([name]) => name)).toEqual([]);
  });

  test('every array says what is in it', () => {
    const arrays = [...objectsIn(document)].filter(({ type }) => [type].flat().includes('array'));
    expect(arrays.length).toBeGreaterThan(20);
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
