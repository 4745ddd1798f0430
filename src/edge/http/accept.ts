/**
 * Chooses the media type of a response from the Accept header (RFC 9110, section 12.5.1; CIM 009 clause 6.3.4).
 *
 * The npm package `negotiator` is not used, because it differs in three cases. Among types of equal quality it prefers the first
 * or most specific type of the header, but clause 6.3.4 prefers the first type that the server offers. It answers 406 to a
 * parameter such as `application/json;charset=utf-8`. It also answers 406 to a quality that is not a number. It is not faster
 * either.
 */
import type { Media } from '../../core/operation/operation.ts';
import { Refusal } from './refusal.ts';

export const mediaTypes: Readonly<Record<Media, string>> = {
  json: 'application/json',
  'ld+json': 'application/ld+json',
  'geo+json': 'application/geo+json',
  'event-stream': 'text/event-stream',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
  turtle: 'text/turtle',
  'rdf+xml': 'application/rdf+xml',
  parquet: 'application/vnd.apache.parquet',
};

/** Returns the offered type with the highest weight; the first offered wins a tie. Throws Refusal 406 when the client accepts none. */
export function negotiate(accept: string | undefined, offered: readonly Media[]): Media {
  const ranges = (accept ?? '*/*').split(',').map(readRange);
  const [best] = offered
    .map((media) => ({ media, weight: weightOf(mediaTypes[media], ranges) }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight);
  if (best) return best.media;
  const available = offered.map((media) => mediaTypes[media]).join(', ');
  throw new Refusal(406, `The answer can be had as ${available}; the request accepts only ${accept ?? ''}.`);
}

interface Range {
  readonly type: string;
  /** 0 to 1. */
  readonly weight: number;
}

/** A media range with its quality value. Other parameters are ignored. */
function readRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => /^q\s*=/.test(parameter));
  const weight = quality === undefined ? 1 : Number(quality.slice(quality.indexOf('=') + 1));
  return { type, weight: Number.isNaN(weight) ? 1 : Math.min(Math.max(weight, 0), 1) };
}

/** The weight of the most specific range that matches the type; 0 when no range matches. */
function weightOf(type: string, ranges: readonly Range[]): number {
  const [major = ''] = type.split('/');
  const names = [type, `${major}/*`, '*/*'];
  const range = names.map((name) => ranges.find((one) => one.type === name)).find((found) => found !== undefined);
  return range?.weight ?? 0;
}
