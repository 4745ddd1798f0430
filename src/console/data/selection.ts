/** Holds which entities of the city are shown: domains, type, area, scope, state and a search. The address of the page contains it. */
import { computed } from '@preact/signals';
import { type Domain, domainOf, levelOf, levels, type Level, domains } from './domains.ts';
import { areaOf, observedOf, type Thing, titleOf } from './entity.ts';
import { isLoaded, isTiled, revision, storedTypes, things } from './live.ts';
import { shortName } from './names.ts';
import { addressOf, goTo, route } from './route.ts';
import { pastThings } from './past.ts';
import { type Quality, qualities, qualityOf } from './quality.ts';
import { type Language, language } from './session.ts';
import { typeName } from '../words/names.ts';

export interface Shown {
  readonly thing: Thing;
  readonly title: string;
  readonly domain: Domain;
  readonly level: Level;
  readonly quality: Quality;
  readonly area: string;
  readonly type: string;
  readonly observedAt: number | undefined;
}

/** What a filter can be about. */
type FilterName = 'domain' | 'type' | 'area' | 'scope' | 'level' | 'quality' | 'find';

/** The filters in the address; an empty text is no filter. */
export const filters = computed(() => {
  const of = (name: FilterName): string => route.value.query.get(name) ?? '';
  return {
    domain: of('domain'),
    type: of('type'),
    area: of('area'),
    scope: of('scope'),
    level: of('level'),
    quality: of('quality'),
    find: of('find'),
  };
});

type ChoiceName = FilterName | 'colour' | 'at' | 'span';

/** The address of the same place with another filter, or another choice about the map. */
export function addressWith(name: ChoiceName, value: string): string {
  const path = route.value.path.length === 0 ? ['city'] : route.value.path;
  return addressOf(path, { ...Object.fromEntries(route.value.query), [name]: value });
}

/** Changes a filter or another choice about the map, and stays where the person is. */
export const setFilter = (name: ChoiceName, value: string): void => goTo(addressWith(name, value));

/** What the colours on the map mean. */
export type ColourBy = 'level' | 'quality';

export const colourBy = computed<ColourBy>(() => (route.value.query.get('colour') === 'quality' ? 'quality' : 'level'));

const levelOfQuality = { suspect: 'bad', stale: 'poor', good: 'good', none: 'none' } as const;

/** The state whose colour an entity has on the map. */
export const colourOf = ({ level, quality }: Shown, by: ColourBy): Level =>
  by === 'quality' ? levelOfQuality[quality] : level;

export const clearFilters = (): void => goTo(addressOf(['city']));

/** What was made of each entity in each language. An entity that changes is a new object, so nothing here becomes wrong. */
const known = { sl: new WeakMap<Thing, Shown>(), en: new WeakMap<Thing, Shown>() };

function shownOf(thing: Thing, inLanguage: Language): Shown {
  const before = known[inLanguage].get(thing);
  if (before) return before;
  const made = {
    thing,
    title: titleOf(thing, inLanguage),
    domain: domainOf(thing),
    level: levelOf(thing),
    quality: qualityOf(thing),
    area: areaOf(thing, inLanguage) ?? '',
    type: shortName(thing.types[0] ?? ''),
    observedAt: observedOf(thing),
  };
  known[inLanguage].set(thing, made);
  return made;
}

/** All entities, as lists and maps show them: at the chosen time, else now. */
export const everything = computed<readonly Shown[]>(() => {
  // Reading the counter makes this depend on the entities.
  if (revision.value < 0 || !isLoaded.value) return [];
  const inLanguage = language.value;
  return (pastThings.value ?? [...things.values()]).map((thing) => shownOf(thing, inLanguage));
});

/** The entities that meet all filters. */
export const shown = computed<readonly Shown[]>(() => {
  const { find, scope, ...equal } = filters.value;
  const needle = plain(find);
  const tests = Object.entries(equal).filter(([, value]) => value !== '');
  return everything.value.filter(
    (item) =>
      tests.every(([name, value]) => valueFor(item, name) === value) &&
      (scope === '' || item.thing.scopes.some((found) => `${found}/`.startsWith(`${scope}/`))) &&
      (needle === '' || plain(textToSearch(item)).includes(needle)),
  );
});

const textToSearch = ({ title, thing, area, type }: Shown): string =>
  [title, thing.id, area, type, typeName(type)].join(' ');

const valueFor = ({ domain, type, area, level, quality }: Shown, name: string): string | undefined =>
  new Map([
    ['domain', domain],
    ['type', type],
    ['area', area],
    ['level', level],
    ['quality', quality],
  ]).get(name);

/** Text without case and accents, so that `strazisce` finds Stražišče. */
const plain = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{Diacritic}/gu, '')
    .toLowerCase();

const countBy = (nameOf: (item: Shown) => readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const item of everything.value)
    for (const name of nameOf(item)) if (name !== '') counts.set(name, (counts.get(name) ?? 0) + 1);
  return new Map([...counts].sort(([a], [b]) => a.localeCompare(b)));
};

/** What can be chosen, each with the number of entities that have it. */
export const choices = computed(() => ({
  domain: inOrder(
    domains,
    countBy(({ domain }) => [domain]),
  ),
  type: isTiled.value ? uncounted(storedTypes.value.map(shortName)) : countBy(({ type }) => [type]),
  area: countBy(({ area }) => [area]),
  scope: countBy(({ thing }) => thing.scopes),
  level: inOrder(
    levels,
    countBy(({ level }) => [level]),
  ),
  quality: inOrder(
    qualities,
    countBy(({ quality }) => [quality]),
  ),
}));

/** Names whose entities nobody has counted. */
const uncounted = (names: readonly string[]): ReadonlyMap<string, number> =>
  new Map([...names].sort((a, b) => a.localeCompare(b)).map((name) => [name, 0]));

const inOrder = (order: readonly string[], counts: ReadonlyMap<string, number>): ReadonlyMap<string, number> =>
  new Map(order.flatMap((name) => (counts.has(name) ? [[name, counts.get(name) ?? 0] as const] : [])));
