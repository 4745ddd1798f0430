/** Shows the map of the city, and says so where a browser cannot draw it. */
import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { levels } from '../data/domains.ts';
import { entityAddress, goTo } from '../data/route.ts';
import { everything, type Shown, shown } from '../data/selection.ts';
import { isDark } from '../data/session.ts';
import { say } from '../words/words.ts';
import type { CityMap } from './city-map.ts';

/** `items` says which entities are shown, instead of those that the filters choose. */
export function MapPanel({ chosenId, items }: { readonly chosenId?: string; readonly items?: () => readonly Shown[] }) {
  const container = useRef<HTMLDivElement>(null);
  const map = useSignal<CityMap | undefined>(undefined);
  const isBroken = useSignal(false);
  useEffect(() => {
    let isGone = false;
    void import('./city-map.ts').then(({ drawMap }) => {
      if (isGone || !container.current) return;
      try {
        map.value = drawMap(container.current, { isDark: isDark(), onChoose: (id) => goTo(entityAddress(id)) });
      } catch {
        isBroken.value = true;
      }
    });
    return () => {
      isGone = true;
      map.peek()?.remove();
    };
  }, []);
  useSignalEffect(() => map.value?.show(items ? items() : shown.value, everything.value));
  useSignalEffect(() => map.value?.setDark(isDark()));
  useEffect(() => {
    map.value?.choose(everything.value.find(({ thing }) => thing.id === chosenId));
  }, [chosenId, map.value, everything.value.length > 0]);
  return (
    <section class="map" aria-label={say('mapOfCity')}>
      {isBroken.value ? <p class="note">{say('mapNeedsWebgl')}</p> : <div ref={container} class="map-canvas" />}
      <ul class="legend">
        {levels.map((level) => (
          <li key={level}>
            <i class={`dot dot-${level}`} /> {say(`level.${level}`)}
          </li>
        ))}
      </ul>
    </section>
  );
}
