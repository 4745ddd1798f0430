/** Defines the sequence of writes that the crash test applies to each entity, and the entity after each write. */
import type { Write } from '../../../src/core/language/write.ts';

export const type = 'https://example.org/Thing';
export const level = 'https://example.org/level';
export const place = 'https://example.org/place';

/** Every tenth write deletes the entity; the next one creates it again. */
export const isGoneAfter = (step: number): boolean => step % 10 === 9;

/** The write of a step, counted from 0. */
export function writeOf(id: string, step: number): Write {
  if (isGoneAfter(step)) return { mutation: { op: 'delete', id } };
  const attrs = {
    [level]: [{ kind: 'Property' as const, value: step }],
    [place]: [{ kind: 'GeoProperty' as const, value: { type: 'Point', coordinates: [14 + (step % 100) / 100, 46] } }],
  };
  const isNew = step === 0 || isGoneAfter(step - 1);
  return {
    mutation: isNew
      ? { op: 'create', id, entity: { types: [type], attrs } }
      : { op: 'update', id, fragment: { attrs } },
  };
}

/** A line that a child prints after its write was acknowledged. */
export interface Acknowledged {
  readonly ids: readonly string[];
  readonly step: number;
}
