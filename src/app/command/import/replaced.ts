/** Detects rows that replace an earlier row of the file: the same attribute of the same entity and, if present, the same time. */
import { microsOf } from '../../../core/model/instant.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../../core/model/json.ts';

export interface ReplacementDetector {
  /** Records the next row of an entity, and returns whether it replaces part of an earlier row. */
  replaces(id: string, part: JsonObject): boolean;
}

/** The memory limit in numbers. When it is reached, later rows are compared only with each other. */
const rememberedMax = 16_000_000;
/** The memory cost of a new series, in numbers. */
const seriesCost = 16;

export function createReplacing(): ReplacementDetector {
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

/** The time of an instance. An instance without a time replaces any other. */
const timeOf = (instance: Json): number => microsOf(textIn(instance, 'observedAt')) ?? 0;

/** The times of one series. Rows are mostly in order, so a comparison with the last time usually suffices. */
interface Times {
  /** Adds a time, and returns whether it was already present. */
  isSeen(time: number): boolean;
}

function createTimes(): Times {
  /** Times that were later than all earlier ones, and times that were earlier than all others. */
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

/** Binary search in a sorted list. `hasReached` is false for the beginning of the list and true from the position of the time. */
function holds(list: readonly number[], hasReached: (one: number) => boolean, time: number): boolean {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (hasReached(list[middle] ?? time)) high = middle;
    else low = middle + 1;
  }
  return list[low] === time;
}
