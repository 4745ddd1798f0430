/** Shows how the city is doing: indicators with targets and trends, rankings, open alerts, a wall screen and a page for the mayor. */
import { useEffect } from 'preact/hooks';
import type { Domain } from '../data/domains.ts';
import { numberIn, readingOf } from '../data/entity.ts';
import { isLoaded } from '../data/live.ts';
import { spacedName } from '../data/names.ts';
import { addressOf, entityAddress, route } from '../data/route.ts';
import { everything } from '../data/selection.ts';
import { language, tenant } from '../data/session.ts';
import { MapPanel } from '../map/map-panel.tsx';
import { CopyButton, LevelDot } from '../view/parts.tsx';
import { textOfReading } from '../view/value.tsx';
import { typeName } from '../words/names.ts';
import { say, type Word } from '../words/words.ts';
import { Attention } from './alerts.tsx';
import { CityIndicatorCard } from './city-indicator-card.tsx';
import { cityIndicators } from './city-indicators.ts';
import { indicators } from './kpi.ts';
import { IndicatorCard } from './kpi-card.tsx';
import { MayorPage } from './mayor-page.tsx';

interface Board {
  readonly name: string;
  readonly word: Word;
  /** Absent: all domains. */
  readonly domains?: readonly Domain[];
  /** Types whose entities are ranked by their first number. */
  readonly ranked?: readonly (readonly [type: string, attribute: string])[];
}

const boards: readonly Board[] = [
  { name: 'overview', word: 'dashboard.overview' },
  {
    name: 'energy',
    word: 'dashboard.energy',
    domains: ['energy', 'water'],
    ranked: [['SmartMeteringObservation', 'power']],
  },
  {
    name: 'parking',
    word: 'dashboard.parking',
    domains: ['parking', 'mobility'],
    ranked: [
      ['OffStreetParking', 'occupancy'],
      ['OnStreetParking', 'occupancy'],
    ],
  },
  {
    name: 'lighting',
    word: 'dashboard.lighting',
    domains: ['lighting'],
    ranked: [['StreetlightControlCabinet', 'totalActivePower']],
  },
  {
    name: 'environment',
    word: 'dashboard.environment',
    domains: ['environment'],
    ranked: [
      ['AirQualityObserved', 'pm10'],
      ['NoiseLevelObserved', 'LAeq'],
      ['IndoorEnvironmentObserved', 'co2'],
    ],
  },
  { name: 'alerts', word: 'dashboard.alerts' },
  { name: 'mayor', word: 'dashboard.mayor' },
];

export function DashboardView() {
  const name = route.value.path[1];
  if (name === 'wall') return <Wall />;
  const board = boards.find((known) => known.name === name) ?? boards[0];
  if (!board) return null;
  return (
    <div class="page">
      <h1>{say(board.word)}</h1>
      <nav class="tabs" aria-label={say('dashboards')}>
        {boards.map(({ name: one, word }) => (
          <a key={one} href={addressOf(['dashboards', one])} aria-current={one === board.name ? 'page' : undefined}>
            {say(word)}
          </a>
        ))}
        <a href={addressOf(['dashboards', 'wall'])}>{say('wall')}</a>
        <span class="grow" />
        <CopyButton text={() => linkTo(board.name)} label="copyLink" />
      </nav>
      {isLoaded.value ? <Content board={board} /> : <p class="note">{say('loading')}</p>}
    </div>
  );
}

/** The public address of a dashboard in the language of this page, for those who get the link. */
function linkTo(board: string): string {
  const query = new URLSearchParams({ lang: language.value, ...(tenant.value === '' ? {} : { tenant: tenant.value }) });
  return `${location.origin}${location.pathname}?${query}${addressOf(['dashboards', board])}`;
}

function Content({ board }: { readonly board: Board }) {
  const { name, domains, ranked = [] } = board;
  if (name === 'alerts')
    return (
      <div class="stack">
        <Attention />
      </div>
    );
  if (name === 'mayor') return <MayorPage />;
  return (
    <>
      <CityIndicators {...(domains ? { domains } : undefined)} />
      <h2>{say('now')}</h2>
      <Indicators {...(domains ? { domains } : undefined)} />
      <div class="cards wide-cards">
        {ranked.map(([type, attribute]) => (
          <Ranking key={type} type={type} attribute={attribute} />
        ))}
        <Attention {...(domains ? { domains } : undefined)} max={12} />
      </div>
    </>
  );
}

/** The indicators that the broker computes for each period; nothing where there are none. */
function CityIndicators({ domains }: { readonly domains?: readonly Domain[] }) {
  const found = cityIndicators(domains);
  if (found.length === 0) return null;
  return (
    <>
      <h2>{say('cityIndicators')}</h2>
      <div class="cards kpis">
        {found.map((indicator) => (
          <CityIndicatorCard key={indicator.id} indicator={indicator} />
        ))}
      </div>
    </>
  );
}

const Indicators = ({ domains }: { readonly domains?: readonly Domain[] }) => (
  <div class="cards kpis">
    <IndicatorCards {...(domains ? { domains } : undefined)} />
  </div>
);

const IndicatorCards = ({ domains }: { readonly domains?: readonly Domain[] }) => (
  <>
    {indicators()
      .filter(({ domain }) => domains?.includes(domain) ?? true)
      .map((indicator) => (
        <IndicatorCard key={indicator.key} indicator={indicator} />
      ))}
  </>
);

const rankedMax = 10;

/** The entities of a type with the highest values first. */
function Ranking({ type, attribute }: { readonly type: string; readonly attribute: string }) {
  const items = everything.value
    .filter((item) => item.type === type && numberIn(item.thing, attribute) !== undefined)
    .map((item) => ({ ...item, value: numberIn(item.thing, attribute) ?? 0 }))
    .sort((a, b) => b.value - a.value)
    .slice(0, rankedMax);
  const most = Math.max(...items.map(({ value }) => value), 0.001);
  return (
    <section class="card" aria-label={`${say('ranking')}: ${type}`}>
      <h2>{typeName(type, spacedName)}</h2>
      <ol class="ranking">
        {items.map(({ thing, title, value, level }) => {
          const reading = readingOf(thing, attribute);
          return (
            <li key={thing.id}>
              <a href={entityAddress(thing.id)}>{title}</a>
              <span class="ranking-value">
                {reading && textOfReading(reading)} <LevelDot level={level} />
              </span>
              <meter class={`meter meter-${level}`} min={0} max={most} value={value} aria-label={title} />
            </li>
          );
        })}
      </ol>
    </section>
  );
}

/** Everything at once, without menus, for a screen on a wall. */
function Wall() {
  useEffect(() => {
    document.documentElement.dataset['wall'] = 'on';
    return () => {
      delete document.documentElement.dataset['wall'];
    };
  }, []);
  return (
    <div class="wall">
      <h1 class="hidden">{say('wall')}</h1>
      <MapPanel items={() => everything.value} />
      <div class="cards kpis">
        {cityIndicators().map((indicator) => (
          <CityIndicatorCard key={indicator.id} indicator={indicator} />
        ))}
        <IndicatorCards />
      </div>
      <div class="wall-side">
        <Attention max={6} />
      </div>
      <a class="button quiet leave" href={addressOf(['dashboards', 'overview'])}>
        {say('leaveWall')}
      </a>
    </div>
  );
}
