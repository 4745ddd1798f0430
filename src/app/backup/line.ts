/** Formats and parses the lines of a backup: a head, one line per document, and an end. */
import { isObject, type Json, type JsonObject, parseJson } from '../../core/model/json.ts';
import type { Sum } from './checksum.ts';

/** The kinds of documents in the order of the backup. A document comes after the documents that it refers to. */
export const kinds = [
  'context',
  'history',
  'entity',
  'registration',
  'subscription',
  'registrationSubscription',
  'v2Subscription',
] as const;
export type Kind = (typeof kinds)[number];

export type Line =
  /** `backup` is the version of the format. */
  | {
      readonly line: 'head';
      readonly backup: 1;
      readonly url: string;
      readonly tenant: string;
      readonly takenAt: string;
    }
  | { readonly line: 'document'; readonly kind: Kind; readonly document: JsonObject }
  /** A backup without this line is incomplete. */
  | { readonly line: 'end'; readonly sums: Readonly<Partial<Record<Kind, Sum>>> };

/** `{"backup":1,...}`, then lines such as `{"entity":{...}}`, and finally `{"end":{"entity":{"count":...,"checksum":...},...}}`. */
export function lineText(line: Line): string {
  switch (line.line) {
    case 'head':
      return `${JSON.stringify({ backup: line.backup, url: line.url, tenant: line.tenant, takenAt: line.takenAt })}\n`;
    case 'document':
      return `${JSON.stringify({ [line.kind]: line.document })}\n`;
    case 'end':
      return `${JSON.stringify({ end: line.sums })}\n`;
  }
}

/** Throws an Error that tells why the text is not a line of a backup. */
export function parseLine(text: string): Line {
  const json = parseJson(text);
  if (isObject(json)) {
    if (json['backup'] === 1) return headIn(json);
    if (isObject(json['end'])) return { line: 'end', sums: sumsIn(json['end']) };
    const kind = kinds.find((one) => one in json);
    const document = kind === undefined ? undefined : json[kind];
    if (kind !== undefined && isObject(document)) return { line: 'document', kind, document };
  }
  throw new Error(`it is no line of a backup: ${text.slice(0, 100)}`);
}

function headIn({ url, tenant, takenAt }: JsonObject): Line {
  const textOf = (json: Json | undefined): string => (typeof json === 'string' ? json : '');
  return { line: 'head', backup: 1, url: textOf(url), tenant: textOf(tenant), takenAt: textOf(takenAt) };
}

function sumsIn(json: JsonObject): Readonly<Partial<Record<Kind, Sum>>> {
  const sums: Partial<Record<Kind, Sum>> = {};
  for (const kind of kinds) {
    const sum = json[kind];
    if (!isObject(sum)) continue;
    const { count, checksum } = sum;
    if (typeof count === 'number' && typeof checksum === 'string') sums[kind] = { count, checksum };
  }
  return sums;
}
