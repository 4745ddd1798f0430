/** Notices rows of a file that replace others of it: the same attribute of the same entity, at the same time where there is one. */
import { microsOf } from '../../../core/model/instant.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../../core/model/json.ts';

export interface Replacing {
  /** Takes the next row of an entity into account, and tells whether it replaces something of a row before it. */
  replaces(id: string, part: JsonObject): boolean;
}

/** What is remembered of all rows together, in numbers; when it is full, later rows are compared with later ones only. */
const rememberedMax = 16_000_000;
/** What a series that is new takes, in numbers. */
const seriesCost = 16;

export function createReplacing(): Replacing {
  const entities = new Map<string, Map<string, Times>>();
  let remembered = 0;
  const isSeen = (id: string, name: string, instance: Json): boolean => {
    if (remembered >= rememberedMax) {
      entities.clear();
      remembered = 0;
    }
    const series = entities.get(id) ?? new Map<string, Times>();
    const dataset = textIn(instance, 'datasetId');
    const key = dataset === '' ? name : `${name}\n${dataset}`;
    const times = series.get(key) ?? createTimes();
    remembered += series.has(key) ? 1 : seriesCost;
    entities.set(id, series.set(key, times));
    return times.isSeen(timeOf(instance));
  };
  return {
    replaces: (id, part) =>
      Object.entries(part)
        .filter(([name]) => !notAttributes.has(name))
        .flatMap(([name, given]) => (isArray(given) ? given : [given]).map((one) => isSeen(id, name, one)))
        .includes(true),
  };
}

const notAttributes = new Set(['id', 'type', '@id', '@type', '@context', 'scope', 'expiresAt']);

const textIn = (instance: Json, member: string): string => {
  const text = isObject(instance) ? instance[member] : undefined;
  return typeof text === 'string' ? text : '';
};

/** The time of an instance; one that has none replaces whatever is there. */
const timeOf = (instance: Json): number => microsOf(textIn(instance, 'observedAt')) ?? 0;

/** Times of one series. Rows are mostly in order: then the last one tells. */
interface Times {
  /** Adds a time, and tells whether it was there. */
  isSeen(time: number): boolean;
}

function createTimes(): Times {
  /** Times that were later than all before them, and that were earlier. */
  const [rising, falling]: [number[], number[]] = [[], []];
  const others = new Set<number>();
  return {
    isSeen(time) {
      const [latest = -Infinity, earliest = Infinity] = [rising.at(-1), falling.at(-1) ?? rising[0]];
      if (time > latest) rising.push(time);
      else if (time < earliest) falling.push(time);
      else if (others.has(time) || holds(rising, (one) => one >= time, time)) return true;
      else if (holds(falling, (one) => one <= time, time)) return true;
      else others.add(time);
      return false;
    },
  };
}

/** Whether a time is in a list, of which a beginning has not reached it. */
function holds(list: readonly number[], hasReached: (one: number) => boolean, time: number): boolean {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (hasReached(list[middle] ?? time)) high = middle;
    else low = middle + 1;
  }
  return list[low] === time;
}
