/** Shows the city: the map, and beside it the list of entities or one of them. */
import { useComputed, useSignal } from '@preact/signals';
import { type Domain, domains, type Level, levels } from '../data/domains.ts';
import { isLoaded, isTiled, totalCount } from '../data/live.ts';
import { route } from '../data/route.ts';
import { choices, clearFilters, everything, filters, setFilter, type Shown, shown } from '../data/selection.ts';
import { EntityPage } from '../entity/entity-page.tsx';
import { qualities, type Quality } from '../data/quality.ts';
import { Icon } from '../view/icon.tsx';
import { ItemRow } from '../view/item-row.tsx';
import { Choice } from '../view/parts.tsx';
import { typeName } from '../words/names.ts';
import { say } from '../words/words.ts';
import { MapPanel } from './map-panel.tsx';

export function CityView() {
  const [place, named] = route.value.path;
  const id = place === 'city' ? named : undefined;
  return (
    <div class={id === undefined ? 'city' : 'city has-entity'}>
      <MapPanel {...(id === undefined ? undefined : { chosenId: id })} />
      <aside class="side">{id === undefined ? <Finder /> : <EntityPage id={id} />}</aside>
    </div>
  );
}

function Finder() {
  return (
    <>
      <search>
        <h1 class="hidden">{say('city')}</h1>
        <label class="choice">
          <span class="hidden">{say('search')}</span>
          <input
            type="search"
            placeholder={`${say('search')}: ${say('searchHint').toLowerCase()}`}
            value={filters.value.find}
            onInput={({ currentTarget }) => setFilter('find', currentTarget.value)}
          />
        </label>
        <Domains />
        <Filters />
      </search>
      {isLoaded.value ? everything.value.length === 0 ? <Empty /> : <List /> : <p class="note">{say('loading')}</p>}
    </>
  );
}

const isDomain = (name: string): name is Domain => domains.some((domain) => domain === name);

const Domains = () => (
  <div class="chips" role="group" aria-label={say('domain')}>
    {[...choices.value.domain].map(([name, count]) => {
      if (!isDomain(name)) return null;
      const isChosen = filters.value.domain === name;
      return (
        <button
          key={name}
          type="button"
          aria-pressed={isChosen}
          onClick={() => setFilter('domain', isChosen ? '' : name)}
        >
          <Icon name={name} /> {say(`domain.${name}`)} <small>{count}</small>
        </button>
      );
    })}
  </div>
);

const filterWords = { type: 'type', area: 'area', scope: 'scope', level: 'state', quality: 'quality' } as const;

function Filters() {
  const names: readonly (keyof typeof filterWords)[] = ['type', 'area', 'scope', 'level', 'quality'];
  return (
    <div class="filters">
      {names.map((name) => {
        const found = choices.value[name];
        if (found.size === 0) return null;
        const text = (value: string): string => wordOf(name, value);
        const options = [...found].map(
          ([value, count]) => [value, count === 0 ? text(value) : `${text(value)} (${count})`] as const,
        );
        return (
          <Choice
            key={name}
            label={say(filterWords[name])}
            value={filters.value[name]}
            options={[['', say('all')], ...options]}
            onChoose={(value) => setFilter(name, value)}
          />
        );
      })}
    </div>
  );
}

function wordOf(name: keyof typeof filterWords, value: string): string {
  if (name === 'type') return typeName(value);
  if (name === 'level' && isLevel(value)) return say(`level.${value}`);
  if (name === 'quality' && isQuality(value)) return say(`quality.${value}`);
  return value;
}

const isQuality = (name: string): name is Quality => qualities.some((quality) => quality === name);
const isLevel = (name: string): name is Level => levels.some((level) => level === name);

const Empty = () => (
  <div class="note">
    <p>{say('empty')}</p>
    <p>{say('emptyDemo')}</p>
    <pre>npm run demo -- --url {location.origin}</pre>
  </div>
);

/** The entities that a list shows before somebody asks for more. */
const pageSize = 60;

function List() {
  const pages = useSignal(1);
  const sorted = useComputed(() => [...shown.value].sort(worstFirst));
  const total = isTiled.value ? totalCount.value : everything.value.length;
  const found = sorted.value.length;
  const hasFilter = Object.entries(filters.value).some(([, value]) => value !== '');
  return (
    <section aria-label={say('entities')} class="found">
      <p class="count" role="status">
        <b>{found}</b> {found !== total && `${say('ofEntities')} ${total} `}
        {say('entities')}
        {hasFilter && (
          <button type="button" class="quiet" onClick={clearFilters}>
            {say('clearFilters')}
          </button>
        )}
      </p>
      {isTiled.value && <p class="note">{say('sampledNote')}</p>}
      {found === 0 && <p class="note">{say('emptyFiltered')}</p>}
      <ul class="list">
        {sorted.value.slice(0, pages.value * pageSize).map((item) => (
          <ItemRow key={item.thing.id} item={item} about={[typeName(item.type), item.area]} />
        ))}
      </ul>
      {found > pages.value * pageSize && (
        <button type="button" class="quiet wide" onClick={() => (pages.value += 4)}>
          {say('showAll')} ({found})
        </button>
      )}
    </section>
  );
}

/** One collator for all comparisons: making one for each would take most of the time of the sort. */
const byTitle = new Intl.Collator();
const urgency = { bad: 0, poor: 1, fair: 2, good: 3, none: 4, idle: 5 } as const;
const worstFirst = (a: Shown, b: Shown): number =>
  urgency[a.level] - urgency[b.level] || byTitle.compare(a.title, b.title) || byTitle.compare(a.thing.id, b.thing.id);
