/** Shows the map of the city, and says so where a browser cannot draw it. */
import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { alertedIds, hasPoint } from '../data/alerts.ts';
import { type Level, levels } from '../data/domains.ts';
import { isTiled } from '../data/live.ts';
import { entityAddress, goTo } from '../data/route.ts';
import { colourBy, everything, setFilter, type Shown, shown } from '../data/selection.ts';
import { isDark } from '../data/session.ts';
import { say, type Word } from '../words/words.ts';
import { tileSource } from './tile-source.ts';
import { TimeSlider } from './time-slider.tsx';
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
  useSignalEffect(() => {
    const look = { colourBy: colourBy.value, alerted: alertedIds.value };
    const drawn = isTiled.value ? [] : (items ? items() : shown.value).filter(hasPoint);
    map.value?.show(drawn, everything.value, look);
  });
  useSignalEffect(() => map.value?.setLook(isDark(), isTiled.value ? tileSource.value : undefined));
  useEffect(() => {
    map.value?.choose(everything.value.find(({ thing }) => thing.id === chosenId));
  }, [chosenId, map.value, everything.value.length > 0]);
  return (
    <section class="map" aria-label={say('mapOfCity')}>
      {isBroken.value ? <p class="note">{say('mapNeedsWebgl')}</p> : <div ref={container} class="map-canvas" />}
      <div class="map-foot">
        {items === undefined && !isTiled.value && <TimeSlider />}
        <Legend canChoose={items === undefined} />
      </div>
    </section>
  );
}

/** What the colours mean. `canChoose`: the person may choose it, which tiles do not allow: they have neither qualities nor alerts. */
const Legend = ({ canChoose }: { readonly canChoose: boolean }) => (
  <div class="legend">
    {canChoose && !isTiled.value && (
      <div class="segments" role="group" aria-label={say('colourBy')}>
        {colourings.map(([by, word]) => (
          <button
            key={by}
            type="button"
            aria-pressed={colourBy.value === by}
            onClick={() => setFilter('colour', by === 'level' ? '' : by)}
          >
            {say(word)}
          </button>
        ))}
      </div>
    )}
    <ul>
      {(colourBy.value === 'quality' && !isTiled.value ? qualityLegend : stateLegend).map(([level, word]) => (
        <li key={level}>
          <i class={`dot dot-${level}`} /> {say(word)}
        </li>
      ))}
      {!isTiled.value && (
        <li>
          <i class="dot dot-alert" /> {say('hasAlert')}
        </li>
      )}
    </ul>
  </div>
);

const colourings = [
  ['level', 'state'],
  ['quality', 'quality'],
] as const;

const stateLegend: readonly (readonly [Level, Word])[] = levels.map((level) => [level, `level.${level}`]);
const qualityLegend: readonly (readonly [Level, Word])[] = [
  ['good', 'quality.good'],
  ['poor', 'quality.stale'],
  ['bad', 'quality.suspect'],
  ['none', 'quality.none'],
];
