/** Shows the city as it was: reads the history of the value that each entity is judged by, and makes entities of a past time. */
import { computed, effect, signal } from '@preact/signals';
import { apiPath, call } from './api.ts';
import { headlineOf } from './domains.ts';
import type { Thing } from './entity.ts';
import { listOf, memberOf, textOf } from './json.ts';
import { isLoaded, things } from './live.ts';
import { route } from './route.ts';
import { credential, tenant } from './session.ts';
import { boundsOf, type Span, spans, thingAt, type Track, trackOf, valueAt } from './track.ts';

/** The chosen time in milliseconds; undefined: now. The address contains it as `at`. */
export const chosenTime = computed<number | undefined>(() => {
  const at = Date.parse(route.value.query.get('at') ?? '');
  return Number.isNaN(at) ? undefined : at;
});

const spanOf = (name: string | null): Span => (name === 'week' || name === 'month' ? name : 'day');
export const chosenSpan = computed<Span>(() => spanOf(route.value.query.get('span')));

/** The tracks by the ids of entities; undefined while they are being read. */
const tracks = signal<ReadonlyMap<string, Track> | undefined>(undefined);
export const isPastLoading = computed(() => chosenTime.value !== undefined && tracks.value === undefined);
export const pastProblem = signal('');

/** The entities as they were at the chosen time; undefined: the present ones count. */
export const pastThings = computed<readonly Thing[] | undefined>(() => {
  const at = chosenTime.value;
  const known = tracks.value;
  if (at === undefined || !known) return undefined;
  return [...things.values()].map((thing) => {
    const judged = headlineOf(thing);
    const track = known.get(thing.id);
    const dated = judged && { ...judged, observedAt: new Date(at).toISOString() };
    return thingAt(thing, dated, track && valueAt(track, at));
  });
});

interface Group {
  readonly type: string;
  readonly name: string;
  readonly isNumber: boolean;
}

/** Which attributes of which types are read: those that entities are judged by. */
function groups(): readonly Group[] {
  const found = new Map<string, Group>();
  for (const thing of things.values()) {
    const judged = headlineOf(thing);
    const type = thing.types[0];
    if (judged?.observedAt === undefined || type === undefined) continue;
    const isNumber = typeof judged.value === 'number';
    found.set(`${type} ${judged.name}`, { type, name: judged.name, isNumber });
  }
  return [...found.values()];
}

const pageSize = 1000;
/** The pages of one attribute that are read: the map shows no more entities than so many. */
const pagesMax = 10;
/** The values of a word, such as `on`, that are read of each entity. */
const wordsMax = 100;

async function readGroup({ type, name, isNumber }: Group, span: Span): Promise<readonly (readonly [string, Track])[]> {
  const { from, to } = boundsOf(span, Date.now());
  const found: (readonly [string, Track])[] = [];
  for (let page = 0; page < pagesMax; page += 1) {
    const path = apiPath('/temporal/entities', {
      type,
      attrs: name,
      timerel: 'between',
      timeAt: new Date(from).toISOString(),
      endTimeAt: new Date(to + 1000).toISOString(),
      limit: pageSize,
      offset: page * pageSize,
      ...(isNumber
        ? { format: 'aggregatedValues', aggrMethods: 'avg', aggrPeriodDuration: spans[span].period }
        : { format: 'temporalValues', lastN: wordsMax }),
    });
    const entities = listOf(await call(path));
    for (const entity of entities)
      found.push([textOf(entity, 'id') ?? '', trackOf(listsOf(memberOf(entity, name), isNumber ? 'avg' : 'values'))]);
    if (entities.length < pageSize) break;
  }
  return found;
}

/** The list of the instance without a dataset, or of the only one. */
const listsOf = (attribute: unknown, member: string): unknown => {
  const instances = listOf(attribute);
  return memberOf(instances.find((instance) => textOf(instance, 'datasetId') === undefined) ?? instances[0], member);
};

async function readTracks(span: Span): Promise<ReadonlyMap<string, Track>> {
  const read = new Map<string, Track>();
  for (const group of groups()) for (const [id, track] of await readGroup(group, span)) read.set(id, track);
  return read;
}

const isPast = computed(() => chosenTime.value !== undefined && isLoaded.value);

// The history is read once for a span, when somebody first leaves the present.
effect(() => {
  const span = chosenSpan.value;
  const caller = `${tenant.value} ${credential.value}`;
  tracks.value = undefined;
  pastProblem.value = '';
  if (!isPast.value) return;
  const isCurrent = (): boolean =>
    isPast.peek() && chosenSpan.peek() === span && `${tenant.peek()} ${credential.peek()}` === caller;
  readTracks(span).then(
    (read) => {
      if (isCurrent()) tracks.value = read;
    },
    (error: unknown) => {
      if (isCurrent()) pastProblem.value = error instanceof Error ? error.message : String(error);
    },
  );
});
