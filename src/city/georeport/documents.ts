/** Writes the documents of Open311 GeoReport v2: each as JSON or as XML. */
import { isArray, isObject, type Json } from '../../core/model/json.ts';
import type { OperationResult } from '../../core/operation/operation.ts';

type Form = 'json' | 'xml';
type DocumentResult = Extract<OperationResult, { kind: 'document' }>;

/** The name of the outermost XML element. */
type Root = 'discovery' | 'services' | 'service_definition' | 'service_requests' | 'errors';

const mediaTypes: Readonly<Record<Form, string>> = {
  json: 'application/json; charset=utf-8',
  xml: 'text/xml; charset=utf-8',
};

/** What the form of an answer depends on. */
export interface Asked {
  /** The path of the request, perhaps with the ending `.json` or `.xml`. */
  readonly path: string;
  readonly accept: string | undefined;
}

/** The ending of the path decides. Without one, a client that accepts XML and no JSON gets XML. */
export function formOf({ path, accept = '' }: Asked): Form {
  const ending = /\.(json|xml)$/.exec(path)?.[1];
  if (ending !== undefined) return ending === 'xml' ? 'xml' : 'json';
  return accept.includes('xml') && !accept.includes('json') ? 'xml' : 'json';
}

/** An id or code from the path, without the ending. */
export const withoutEnding = (segment: string): string => segment.replace(/\.(?:json|xml)$/, '');

/** The document. In XML, each element of a list has the name that the standard gives it. */
export const documentOf = (
  root: Root,
  value: Json,
  { form, status = 200 }: { readonly form: Form; readonly status?: number },
): DocumentResult => ({
  kind: 'document',
  status,
  // Answers depend on who asks, and change at any time.
  headers: { 'Content-Type': mediaTypes[form], 'Cache-Control': 'no-store' },
  content:
    form === 'json' ? JSON.stringify(value) : `<?xml version="1.0" encoding="utf-8"?>\n${elementOf(root, value)}\n`,
});

/** An error as the standard shapes it. A missing key is 403 there. Undefined: the path is not one of Open311. */
export function describeGeoReportFailure({
  status,
  detail,
  ...asked
}: Asked & { readonly status: number; readonly detail: string }): DocumentResult | undefined {
  if (!asked.path.startsWith('/georeport/')) return undefined;
  const code = status === 401 ? 403 : status;
  return documentOf('errors', [{ code, description: detail }], { form: formOf(asked), status: code });
}

const elementNames = new Map([
  ['services', 'service'],
  ['service_requests', 'request'],
  ['attributes', 'attribute'],
  ['values', 'value'],
  ['endpoints', 'endpoint'],
  ['formats', 'format'],
  ['errors', 'error'],
]);

function elementOf(name: string, value: Json): string {
  return `<${name}>${contentOf(name, value)}</${name}>`;
}

function contentOf(name: string, value: Json): string {
  if (value === null) return '';
  if (isArray(value)) return value.map((one) => elementOf(elementNames.get(name) ?? 'item', one)).join('');
  if (isObject(value))
    return Object.entries(value)
      .map(([member, part]) => elementOf(member, part))
      .join('');
  return escaped(String(value));
}

/** XML 1.0 has no place for most control characters and for halves of surrogate pairs: they are left out. */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`);
