/** Chooses the location of an entity among its GeoProperties, as NGSI v2 does. */
import type { Attributes, Instance } from '../attribute.ts';

/** The expanded name of `location` in the core @context. */
export const coreLocation = 'https://uri.etsi.org/ngsi-ld/location';

const vocabulary = 'https://uri.etsi.org/ngsi-ld/default-context/';
const [ignoreType, defaultLocation] = [`${vocabulary}ignoreType`, `${vocabulary}defaultLocation`];

/**
 * The expanded name of the GeoProperty that counts: the only one, or the one with the metadata `defaultLocation`, or `location`. Those with
 * the metadata `ignoreType` do not count. Undefined when there is none.
 */
export function locationIri(attrs: Attributes): string | undefined {
  const found: string[] = [];
  let chosen: string | undefined;
  for (const name in attrs) {
    const instance = attrs[name]?.find(({ kind }) => kind === 'GeoProperty');
    if (!instance || hasFlag(instance, ignoreType)) continue;
    found.push(name);
    if (hasFlag(instance, defaultLocation)) chosen ??= name;
  }
  if (found.length <= 1) return found[0];
  return chosen ?? found.find((name) => name === coreLocation);
}

/** True when the instance has a sub-attribute with the value true. */
const hasFlag = ({ attrs }: Instance, name: string | undefined): boolean =>
  name !== undefined && attrs?.[name]?.some(({ value }) => value === true) === true;
