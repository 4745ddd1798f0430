/** Reads what an entity of the catalogue says: texts in languages, words, dates, areas. */
import type { Attributes, Instance } from '../../core/model/attribute.ts';
import type { Entity } from '../../core/model/entity.ts';
import { isArray, isObject, type Json } from '../../core/model/json.ts';
import type { IrisOf } from './terms.ts';

/** A text with its language tag, where it has one. */
export interface LocalText {
  readonly text: string;
  readonly language?: string;
}

/** An entity of the catalogue by the terms of its data model. What is absent or of another form reads as nothing. */
export interface Description {
  readonly id: string;
  readonly entity: Entity;
  /** The value of the default instance, else of the first one. */
  readonly value: (term: string) => Json | undefined;
  /** The texts of a value or of the values in a list, without empty ones. Numbers are texts too. */
  readonly texts: (term: string) => readonly string[];
  readonly text: (term: string) => string | undefined;
  /** The texts of a LanguageProperty with their languages, or those of another attribute without. */
  readonly localTexts: (term: string) => readonly LocalText[];
  /** The best text for readers of these languages, in this order. */
  readonly textIn: (term: string, languages: readonly string[]) => string | undefined;
}

export function describe(entity: Entity, irisOf: IrisOf): Description {
  const instance = (term: string): Instance | undefined => firstOf(entity.attrs, irisOf(term));
  const value = (term: string): Json | undefined => instance(term)?.value;
  const texts = (term: string): readonly string[] => textsOf(value(term));
  const localTexts = (term: string): readonly LocalText[] => {
    const found = instance(term);
    return found?.kind === 'LanguageProperty'
      ? inLanguages(found.value)
      : textsOf(found?.value).map((text) => ({ text }));
  };
  return {
    id: entity.id,
    entity,
    value,
    texts,
    text: (term) => texts(term)[0],
    localTexts,
    textIn: (term, languages) => {
      const all = localTexts(term);
      const inLanguage = (tag: string): LocalText | undefined => all.find(({ language }) => language === tag);
      return (languages.map(inLanguage).find((found) => found !== undefined) ?? all[0])?.text;
    },
  };
}

function firstOf(attrs: Attributes, iris: readonly string[]): Instance | undefined {
  const instances = iris.map((iri) => attrs[iri]).find((found) => found !== undefined) ?? [];
  return instances.find(({ datasetId }) => datasetId === undefined) ?? instances[0];
}

/** Texts longer than this are no names or descriptions, and are left out. */
const textMax = 20_000;

function textsOf(value: Json | undefined): readonly string[] {
  if (value === undefined) return [];
  if (isArray(value)) return value.flatMap((one) => (isArray(one) ? [] : textsOf(one)));
  if (isObject(value)) return textsOf(value['@value']);
  const text = typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '';
  return text === '' || text.length > textMax ? [] : [text];
}

/** The texts of a languageMap, in the order in which it lists them. */
const inLanguages = (map: Json): readonly LocalText[] =>
  isObject(map)
    ? Object.entries(map).flatMap(([language, value]) =>
        textsOf(value).map((text) => ({ text, ...(language === '@none' ? undefined : { language }) })),
      )
    : [];
