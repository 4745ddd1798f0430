/** Checks answers of NGSI v2 against openapi-v2.yaml. */
import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';

type Responses = Readonly<Record<string, { readonly $ref: string }>>;

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses?: Responses }>>>>;
  readonly components: {
    readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, object>> }>>;
  };
}

const file = 'openapi-v2.yaml';
const openApi = parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')) as OpenApi;
const ajv = new Ajv2020({ strict: false });
formats.default(ajv);
ajv.addSchema({ $id: file, ...openApi });

const templates = Object.entries(openApi.paths).map(([path, item]) => ({
  pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}/?$`),
  item,
}));

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/**
 * The status must be one that the document names for the operation, and the body as its schema says. A path or method that the document
 * does not have must be an error. Requests of other APIs are not looked at. `line` is a request such as `GET /v2/entities?limit=1`.
 */
export function checkAgainstOpenApiV2(line: string, { status, headers, text }: Answer): void {
  if (!/^[A-Z]+ \/(?:v2|ql|STH)/.test(line)) return;
  const responses = responsesOf(line);
  if (!responses) {
    expect({ line, isError: status >= 400 }).toEqual({ line, isError: true });
    return;
  }
  const name = responses[String(status)]?.$ref.split('/').at(-1) ?? '';
  const response = openApi.components.responses[name];
  expect({ line, status, documented: response !== undefined }).toEqual({ line, status, documented: true });
  if (response?.content) checkBody({ line, status, name }, headers.get('content-type') ?? '', text);
  else expect(text).toBe('');
}

function responsesOf(line: string): Responses | undefined {
  const [method = '', target = ''] = line.split(' ');
  const path = target.replace(/\?.*/, '');
  return templates.find(({ pattern }) => pattern.test(path))?.item[method.toLowerCase()]?.responses;
}

function checkBody(about: { line: string; status: number; name: string }, sent: string, text: string): void {
  const type = sent.split(';')[0] ?? '';
  const pointer = `${file}#/components/responses/${about.name}/content/${type.replace('/', '~1')}/schema`;
  const validate = ajv.getSchema(pointer);
  const body: unknown = type === 'application/json' ? JSON.parse(text) : text;
  expect({ ...about, type, valid: validate?.(body), errors: validate?.errors ?? null }).toEqual({
    ...about,
    type,
    valid: true,
    errors: null,
  });
}
