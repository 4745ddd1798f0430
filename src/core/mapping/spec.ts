/** Reads a JSON object whose members are known: what is missing, wrong or unknown is named with its place. */
import { isArray, isObject, isStrings, type Json, type JsonObject } from '../model/json.ts';
import { quoted } from './flaw.ts';

/** An object that is being read. Every reading member throws an Error when the member is there and is something else. */
export interface Spec {
  /** Where it stands, such as `attributes.occupancy`. */
  readonly place: string;
  /** Where a member of it stands. */
  placeOf(name: string): string;
  has(name: string): boolean;
  json(name: string): Json | undefined;
  text(name: string): string | undefined;
  /** Throws an Error when it is not there. */
  neededText(name: string): string;
  number(name: string): number | undefined;
  /** False when it is not there. */
  flag(name: string): boolean;
  texts(name: string): readonly string[] | undefined;
  member(name: string): Spec | undefined;
  /** The members of an object of objects; none when it is not there. */
  entries(name: string): readonly (readonly [string, Spec])[];
  /** The elements of an array of objects; none when it is not there. */
  list(name: string): readonly Spec[];
  /** To be called last. Throws an Error when there is a member that nobody asked for. */
  close(): void;
}

/** Reads a member when it is there. Throws an Error when it is something else. */
type Read = <T extends Json>(name: string, is: (one: Json) => one is T, what: string) => T | undefined;

/** Throws an Error when the value is no object. */
export function createSpec(value: Json | undefined, place: string): Spec {
  if (!isObject(value))
    throw new Error(`${place === '' ? 'The document' : place} must be an object, not ${quoted(value)}.`);
  const object: JsonObject = value;
  const asked = new Set<string>();
  const placeOf = (name: string): string => (place === '' ? name : `${place}.${name}`);
  const json = (name: string): Json | undefined => {
    asked.add(name);
    return Object.hasOwn(object, name) ? object[name] : undefined;
  };
  const read: Read = (name, is, what) => {
    const one = json(name);
    if (one === undefined || is(one)) return one;
    throw new Error(`${placeOf(name)} must be ${what}, not ${quoted(one)}.`);
  };
  return {
    place,
    placeOf,
    json,
    has: (name) => json(name) !== undefined,
    ...simpleMembers(read, placeOf),
    ...nestedMembers(read, placeOf),
    close() {
      const unknown = Object.keys(object).find((name) => !asked.has(name));
      if (unknown === undefined) return;
      throw new Error(`${placeOf(unknown)} is not known here. There can be: ${[...asked].join(', ')}.`);
    },
  };
}

const simpleMembers = (
  read: Read,
  placeOf: (name: string) => string,
): Pick<Spec, 'text' | 'neededText' | 'number' | 'flag' | 'texts'> => ({
  text: (name) => read(name, isText, 'a text'),
  neededText(name) {
    const text = read(name, isText, 'a text');
    if (text === undefined) throw new Error(`${placeOf(name)} is missing.`);
    return text;
  },
  number: (name) => read(name, isNumber, 'a number'),
  flag: (name) => read(name, isBoolean, 'true or false') ?? false,
  texts: (name) => read(name, isStrings, 'a list of texts'),
});

const nestedMembers = (read: Read, placeOf: (name: string) => string): Pick<Spec, 'member' | 'entries' | 'list'> => ({
  member(name) {
    const one = read(name, isObject, 'an object');
    return one && createSpec(one, placeOf(name));
  },
  entries(name) {
    const one = read(name, isObject, 'an object') ?? {};
    return Object.keys(one).map((key) => [key, createSpec(one[key], `${placeOf(name)}.${key}`)] as const);
  },
  list(name) {
    const one = read(name, isArray, 'a list') ?? [];
    return one.map((element, index) => createSpec(element, `${placeOf(name)}[${index}]`));
  },
});

const isText = (value: Json): value is string => typeof value === 'string';
const isNumber = (value: Json): value is number => typeof value === 'number';
const isBoolean = (value: Json): value is boolean => typeof value === 'boolean';
