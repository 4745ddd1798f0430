/** Writes the values of attributes for people. */
import type { Reading } from '../data/entity.ts';
import { isObject, type JsonObject, listOf, textOf } from '../data/json.ts';
import { shortId, shortName } from '../data/names.ts';
import { entityAddress } from '../data/route.ts';
import { language } from '../data/session.ts';
import { formatTimeText } from '../data/times.ts';
import { formatQuantity } from '../data/units.ts';
import { stateName } from '../words/names.ts';
import { say } from '../words/words.ts';

/** The links of a relationship that are shown before the rest is counted. */
const linksMax = 12;

export function Value({ reading, name }: { readonly reading: Reading; readonly name?: (id: string) => string }) {
  const { kind, value } = reading;
  if (kind === 'relationship') return <Links ids={listOf(value).map(String)} name={name ?? shortId} />;
  return <>{textOfReading(reading)}</>;
}

function Links({ ids, name }: { readonly ids: readonly string[]; readonly name: (id: string) => string }) {
  return (
    <>
      {ids.slice(0, linksMax).map((id) => (
        <a key={id} class="link" href={entityAddress(id)} title={id}>
          {name(id)}
        </a>
      ))}
      {ids.length > linksMax && <span> + {ids.length - linksMax}</span>}
    </>
  );
}

/** The value of an attribute as text. */
export function textOfReading({ name, value, kind, unitCode }: Reading): string {
  if (typeof value === 'number') return formatQuantity(name, value, unitCode);
  if (kind === 'language' && isObject(value)) return textInLanguage(value);
  if (kind === 'geo' && isObject(value))
    return `${textOf(value, 'type') ?? ''} ${JSON.stringify(value['coordinates'])}`;
  if (kind === 'vocabulary')
    return plainText(
      statesIn(
        name,
        listOf(value).map((word) => shortName(String(word))),
      ),
    );
  return plainText(statesIn(name, value));
}

/** The value with the words of states for people. */
const statesIn = (name: string, value: unknown): unknown =>
  typeof value === 'string'
    ? (stateName(name, value) ?? value)
    : Array.isArray(value)
      ? listOf(value).map((item) => statesIn(name, item))
      : value;

const textInLanguage = (map: JsonObject): string =>
  textOf(map, language.value) ?? listOf(Object.values(map)[0]).map(String).join(', ');

function plainText(value: unknown): string {
  if (typeof value === 'boolean') return say(value ? 'yes' : 'no');
  if (typeof value === 'string') return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? formatTimeText(value) : value;
  if (Array.isArray(value)) return value.map(plainText).join(', ');
  if (isObject(value)) return Object.values(value).map(plainText).join(', ');
  return String(value);
}
