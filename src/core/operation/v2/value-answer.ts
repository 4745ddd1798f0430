/** Chooses the media type of an attribute value: JSON for objects and arrays, plain text for all others (NGSI v2, section of the value). */
import { isArray, isObject, type Json } from '../../model/json.ts';
import { V2Problem } from '../../v2/problem.ts';
import type { CallContext, OperationResult } from '../operation.ts';
import { sentHeader } from './request.ts';

/** The value as the request accepts it. Throws NotAcceptable. A date comes without quotation marks. */
export function valueAnswer(
  { value, isDate }: { readonly value: Json; readonly isDate: boolean },
  call: CallContext,
): OperationResult {
  const ranges = readRanges(sentHeader(call, 'accept') ?? '*/*');
  if (isObject(value) || isArray(value)) {
    const text = JSON.stringify(value);
    const chosen = ranges.find((range) => jsonRanges.has(range) || textRanges.has(range));
    if (chosen === undefined) throw notAcceptable('accepted MIME types: application/json, text/plain');
    return jsonRanges.has(chosen) ? { kind: 'found', text } : { kind: 'plain', text };
  }
  if (!ranges.some((range) => range === '*/*' || textRanges.has(range)))
    throw notAcceptable('accepted MIME types: text/plain');
  return { kind: 'plain', text: isDate && typeof value === 'string' ? value : JSON.stringify(value) };
}

const notAcceptable = (text: string): V2Problem => new V2Problem('NotAcceptable', text);

const jsonRanges: ReadonlySet<string> = new Set(['application/json', 'application/*', '*/*']);
const textRanges: ReadonlySet<string> = new Set(['text/plain', 'text/*']);

/** The media ranges that the client accepts, the preferred ones first. */
function readRanges(accept: string): readonly string[] {
  const ranges = accept.split(',').map((text) => {
    const [range = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    return { range, weight: quality === undefined ? 1 : Number(quality.slice(2)) };
  });
  return ranges
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .map(({ range }) => range);
}
