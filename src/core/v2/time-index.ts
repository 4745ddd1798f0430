/** Finds the time of a notification in its attributes and their metadata, as QuantumLeap does. */
import type { Instant } from '../model/instant.ts';
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { readDate } from './date.ts';

interface Place {
  readonly name: string;
  readonly where: 'attribute' | 'metadata';
}

const attribute = (name: string): Place => ({ name, where: 'attribute' });
const metadata = (name: string): Place => ({ name, where: 'metadata' });

/** Where the time can be, the preferred places first. */
const places: readonly Place[] = [
  attribute('TimeInstant'),
  metadata('TimeInstant'),
  attribute('timestamp'),
  metadata('timestamp'),
  metadata('observedAt'),
  metadata('modifiedAt'),
  attribute('observedAt'),
  attribute('modifiedAt'),
  attribute('dateModified'),
  metadata('dateModified'),
];

/** The first time found; of several in metadata of one name, the latest. `custom`: a name that comes first. Undefined: there is none. */
export function readTimeIndex(attrs: JsonObject, custom?: string): Instant | undefined {
  const first = custom === undefined ? [] : [attribute(custom), metadata(custom)];
  for (const place of [...first, ...places]) {
    const time = timeAt(attrs, place);
    if (time !== undefined) return time;
  }
  return undefined;
}

function timeAt(attrs: JsonObject, { name, where }: Place): Instant | undefined {
  if (where === 'attribute') return timeIn(attrs, name);
  const times = Object.values(attrs).flatMap((given) => {
    const items = isObject(given) ? given['metadata'] : undefined;
    return (isObject(items) && timeIn(items, name)) || [];
  });
  // All have the same form, so that the order of texts is that of times.
  return times.toSorted().at(-1);
}

function timeIn(items: JsonObject, name: string): Instant | undefined {
  const item: Json | undefined = Object.hasOwn(items, name) ? items[name] : undefined;
  const value = isObject(item) ? item['value'] : undefined;
  return typeof value === 'string' ? readDate(value) : undefined;
}
