/** Reads a JSON object with known members. Errors name the path of a missing, wrong or unknown member. */
import { isArray, isObject, isStrings, type Json, type JsonObject } from '../model/json.ts';
import { quoted } from './row-error.ts';

/** A JSON object that is being read. Every reading function throws an Error when the member has another type. */
export interface Spec {
  /** The path of the object, such as `attributes.occupancy`. */
  readonly place: string;
  /** The path of a member. */
  placeOf(name: string): string;
  has(name: string): boolean;
  json(name: string): Json | undefined;
  text(name: string): string | undefined;
  /** Throws an Error when the member is absent. */
  neededText(name: string): string;
  number(name: string): number | undefined;
  /** False when the member is absent. */
  flag(name: string): boolean;
  texts(name: string): readonly string[] | undefined;
  member(name: string): Spec | undefined;
  /** The members of an object of objects; empty when it is absent. */
  entries(name: string): readonly (readonly [string, Spec])[];
  /** The elements of an array of objects; empty when it is absent. */
  list(name: string): readonly Spec[];
  /** Call it last. Throws an Error when the object has a member that was not read. */
  close(): void;
}

/** Reads a member; undefined when it is absent. Throws an Error when it has another type. */
type Read = <T extends Json>(name: string, is: (one: Json) => one is T, what: string) => T | undefined;

/** Throws an Error when the value is not an object. */
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
