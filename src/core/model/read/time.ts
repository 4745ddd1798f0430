/** Reads the time in a member (CIM 009 clause 4.6.3). */
import { ngsildNull } from '../attribute.ts';
import { type Instant, microsOf } from '../instant.ts';
import type { Json } from '../json.ts';
import { badData } from '../problem.ts';
import { quoted } from './id.ts';
import type { Reading } from './reading.ts';

/** The time in a member, with the digits that the client gave; `ngsildNull` for a deletion where one is allowed. */
export function readTime(json: Json, member: string, { where, nulls }: Pick<Reading, 'where' | 'nulls'>): Instant {
  if ((json === null || json === ngsildNull) && nulls !== 'forbidden') return ngsildNull;
  if (typeof json === 'string' && microsOf(json) !== undefined) return json;
  const place = where === '' ? member : `${member} of ${where}`;
  throw badData(`The ${place} must be a UTC time such as 2026-03-01T08:00:00Z, not ${quoted(json)}.`);
}
