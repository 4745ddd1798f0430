/** Says which tiles the map asks for: those of the chosen types and scope, with the attributes by which entities are judged. */
import { computed } from '@preact/signals';
import { domainOf, stepsOf } from '../data/domains.ts';
import { storedTypes } from '../data/live.ts';
import { shortName } from '../data/names.ts';
import { everything, filters } from '../data/selection.ts';
import type { JudgedType, TileSource } from './layers.ts';

/** The attributes that one tile may have. */
const attributesMax = 10;

/** The types whose state a number decides, as the sample shows them. */
function judgedTypes(): readonly JudgedType[] {
  const found = new Map<string, JudgedType>();
  for (const { thing } of everything.value) {
    const type = thing.types[0] ?? '';
    const judged = found.has(type) ? undefined : stepsOf(thing);
    if (judged) found.set(type, { type, attribute: judged.reading.name, steps: judged.steps });
  }
  return [...found.values()].slice(0, attributesMax);
}

/** The types that the filters choose, as stored; none: all. */
function chosenTypes(): readonly string[] {
  const { type, domain } = filters.value;
  if (type === '' && domain === '') return [];
  return storedTypes.value.filter(
    (iri) =>
      (type === '' || shortName(iri) === type) &&
      (domain === '' || domainOf({ id: '', types: [iri], scopes: [], readings: [], geometry: undefined }) === domain),
  );
}

export const tileSource = computed<TileSource>(() => {
  const judged = judgedTypes();
  const attrs = [...new Set(judged.map(({ attribute }) => attribute))];
  const { scope } = filters.value;
  const query = new URLSearchParams({
    ...(chosenTypes().length === 0 ? undefined : { type: chosenTypes().join(',') }),
    ...(attrs.length === 0 ? undefined : { attrs: attrs.join(',') }),
    ...(scope === '' ? undefined : { scopeQ: `${scope}/#` }),
  });
  return { url: `${location.origin}/tiles/{z}/{x}/{y}?${query}`, judged };
});
