/**
 * Chooses the media type of an answer by the Accept header (RFC 9110, section 12.5.1; CIM 009 clause 6.3.4).
 *
 * The npm package `negotiator` decides otherwise in three cases, so it is not used: of types with the same quality it takes
 * the first or most specific one of the header, and clause 6.3.4 the first one that the server offers; it answers 406 to a
 * parameter such as `application/json;charset=utf-8`, and to a quality that is no number. It takes no less time.
 */
import type { Media } from '../../core/operation/operation.ts';
import { Refusal } from './refusal.ts';

export const mediaTypes: Readonly<Record<Media, string>> = {
  json: 'application/json',
  'ld+json': 'application/ld+json',
  'geo+json': 'application/geo+json',
  'event-stream': 'text/event-stream',
};

/** The offered type that is wanted most; of equals the one offered first. Throws Refusal 406 when none is wanted. */
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

/** A media range with its quality value. Other parameters do not count. */
function readRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => /^q\s*=/.test(parameter));
  const weight = quality === undefined ? 1 : Number(quality.slice(quality.indexOf('=') + 1));
  return { type, weight: Number.isNaN(weight) ? 1 : Math.min(Math.max(weight, 0), 1) };
}

/** The weight of the most specific range that holds the type; 0 when there is none. */
function weightOf(type: string, ranges: readonly Range[]): number {
  const [major = ''] = type.split('/');
  const names = [type, `${major}/*`, '*/*'];
  const range = names.map((name) => ranges.find((one) => one.type === name)).find((found) => found !== undefined);
  return range?.weight ?? 0;
}
