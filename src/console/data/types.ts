/** Lists the types of entities that the person may see, with their attributes. */
import type { Reading } from './entity.ts';
import { everything } from './selection.ts';

export interface TypeCount {
  readonly iri: string;
  readonly count: number;
}

/** The types, the largest first. */
export function typesOf(): readonly TypeCount[] {
  const counts = new Map<string, number>();
  for (const { thing } of everything.value) for (const iri of thing.types) counts.set(iri, (counts.get(iri) ?? 0) + 1);
  return [...counts]
    .map(([iri, count]) => ({ iri, count }))
    .sort((a, b) => b.count - a.count || a.iri.localeCompare(b.iri));
}

/** One reading of each attribute that entities of a type have. */
export function readingsOfType(iri: string): readonly Reading[] {
  const byName = new Map<string, Reading>();
  const all = everything.value.filter(({ thing }) => thing.types.includes(iri)).flatMap(({ thing }) => thing.readings);
  for (const reading of all) if (!byName.has(reading.name)) byName.set(reading.name, reading);
  return [...byName.values()];
}
