/** The description of a dataset while somebody writes it, and the entity that it becomes. */
import { call, apiPath } from '../data/api.ts';
import { isObject, type Json, type JsonObject, listOf, memberOf, textOf, textsOf } from '../data/json.ts';
import { shortName } from '../data/names.ts';

const catalogueContext = 'https://smart-data-models.mlaka.si/catalogue/context.jsonld';
/** The header with which the API takes and gives the short names of the catalogue. */
const catalogueHeaders = {
  Link: `<${catalogueContext}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`,
};

/** The attributes that are one text. */
const plainFields = [
  'slug',
  'owner',
  'publisher',
  'contactPoint',
  'license',
  'accessRights',
  'personalData',
  'theme',
  'accrualPeriodicity',
  'purpose',
  'retentionPeriod',
] as const;

type PlainField = (typeof plainFields)[number];
export type Field = PlainField | 'title.sl' | 'title.en' | 'description.sl' | 'description.en';

const formTerms = new Set<string | undefined>([...plainFields, 'title', 'description']);
/** True for an attribute that the form has. */
export const isFormTerm = (term: string | undefined): boolean => formTerms.has(term);

export interface Draft {
  readonly id: string | undefined;
  readonly types: readonly string[];
  /** The attributes that leave; undefined: all, also those that come later. */
  readonly attributes: readonly string[] | undefined;
  readonly texts: Readonly<Partial<Record<Field, string>>>;
  /** Values after the first one, which the form does not show and which stay. */
  readonly others: Readonly<Partial<Record<PlainField, readonly string[]>>>;
}

/** The description of a type that nobody has described yet. */
export const newDraft = (type: string): Draft => ({
  id: undefined,
  types: [type],
  attributes: undefined,
  texts: {
    slug: slugOf(shortName(type).replace(/(?<=[a-z])(?=[A-Z])/g, '-')),
    license: 'https://creativecommons.org/licenses/by/4.0/',
    accessRights: 'PUBLIC',
  },
  others: {},
});

/** A text as a name in URLs. The broker checks it. */
const slugOf = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

/** The description that is stored. Throws an Error in words for people when there is none. */
export async function loadDraft(id: string): Promise<Draft> {
  const path = apiPath(`/entities/${encodeURIComponent(id)}`, { format: 'simplified' });
  const entity = await call(path, { headers: catalogueHeaders });
  const names = textsOf(memberOf(entity, 'attributeNames'));
  return {
    id,
    types: textsOf(memberOf(entity, 'entityTypes')),
    attributes: names.length === 0 ? undefined : names,
    texts: {
      ...Object.fromEntries(plainFields.map((name) => [name, textsOf(memberOf(entity, name))[0] ?? ''])),
      ...localTextsOf(entity, 'title'),
      ...localTextsOf(entity, 'description'),
    },
    others: Object.fromEntries(plainFields.map((name) => [name, textsOf(memberOf(entity, name)).slice(1)])),
  };
}

function localTextsOf(entity: unknown, name: 'title' | 'description'): Partial<Record<Field, string>> {
  const found = memberOf(entity, name);
  if (typeof found === 'string') return { [`${name}.sl`]: found };
  const map = memberOf(found, 'languageMap') ?? found;
  return { [`${name}.sl`]: textOf(map, 'sl') ?? '', [`${name}.en`]: textOf(map, 'en') ?? '' };
}

const idOf = ({ id, texts }: Draft): string =>
  id ?? `urn:ngsi-ld:Dataset:${encodeURIComponent(texts.slug?.trim() ?? '')}`;

/** The entity of a description. `isPublished` false holds it back from the public catalogue. */
function entityOf(draft: Draft, isPublished: boolean): JsonObject {
  const words = plainFields.flatMap((name) => {
    const values = [draft.texts[name]?.trim() ?? '', ...(draft.others[name] ?? [])].filter((text) => text !== '');
    const [first] = values;
    return first === undefined
      ? []
      : [[name, { type: 'Property', value: values.length === 1 ? first : values }] as const];
  });
  return {
    id: idOf(draft),
    type: 'Dataset',
    ...inLanguages(draft, 'title'),
    ...inLanguages(draft, 'description'),
    ...Object.fromEntries(words),
    entityTypes: { type: 'Property', value: draft.types },
    ...(draft.attributes ? { attributeNames: { type: 'Property', value: draft.attributes } } : undefined),
    ...(isPublished ? undefined : { isPublished: { type: 'Property', value: false } }),
  };
}

function inLanguages({ texts }: Draft, name: 'title' | 'description'): JsonObject {
  const [sl, en] = [texts[`${name}.sl`]?.trim() ?? '', texts[`${name}.en`]?.trim() ?? ''];
  if (sl === '' && en === '') return {};
  const languageMap = { ...(sl === '' ? undefined : { sl }), ...(en === '' ? undefined : { en }) };
  return { [name]: { type: 'LanguageProperty', languageMap } };
}

/** What removes an attribute or a language in a merge. */
const removed = 'urn:ngsi-ld:null';

/** Writes the description. Attributes of a stored dataset that the form does not know stay as they are. */
export async function writeDraft(draft: Draft, isPublished: boolean): Promise<void> {
  const entity = entityOf(draft, isPublished);
  if (draft.id === undefined) {
    await call(apiPath('/entities'), { method: 'POST', body: entity, headers: catalogueHeaders });
    return;
  }
  const path = apiPath(`/entities/${encodeURIComponent(draft.id)}`);
  const stored = await call(path, { headers: catalogueHeaders });
  const gone = [...plainFields, 'title', 'description', 'attributeNames', 'isPublished'].filter(
    (name) => memberOf(stored, name) !== undefined && entity[name] === undefined,
  );
  const replaced = ofAnotherKind(entity, stored);
  if (Object.keys(replaced).length > 0)
    await call(`${path}/attrs`, { method: 'POST', body: replaced, headers: catalogueHeaders });
  const body = {
    ...Object.fromEntries(Object.entries(entity).filter(([name]) => !(name in replaced))),
    ...Object.fromEntries(gone.map((name) => [name, removed])),
    ...mergedTexts(entity, stored),
  };
  await call(path, { method: 'PATCH', body, headers: catalogueHeaders });
}

/** The attributes that are stored as another kind, such as a title that is a plain text: a merge would refuse them. */
function ofAnotherKind(entity: JsonObject, stored: unknown): JsonObject {
  return Object.fromEntries(
    Object.entries(entity).filter(([name, attribute]) => {
      const before = textOf(memberOf(stored, name), 'type');
      return isObject(attribute) && before !== undefined && before !== textOf(attribute, 'type');
    }),
  );
}

/** A merge keeps languages that it does not name. */
function mergedTexts(entity: JsonObject, stored: unknown): JsonObject {
  return Object.fromEntries(
    ['title', 'description'].flatMap((name): readonly (readonly [string, Json])[] => {
      const map = memberOf(entity[name], 'languageMap');
      const before = memberOf(memberOf(stored, name), 'languageMap');
      if (!isObject(map) || !isObject(before)) return [];
      const gone = ['sl', 'en'].filter((language) => before[language] !== undefined && map[language] === undefined);
      const languageMap = { ...map, ...Object.fromEntries(gone.map((language) => [language, removed])) };
      return [[name, { type: 'LanguageProperty', languageMap }]];
    }),
  );
}

export interface Finding {
  readonly isFault: boolean;
  readonly term: string | undefined;
  readonly rule: string | undefined;
  readonly message: string;
}

/** What the broker says of a description: what is wrong with it, and what would leave. */
export interface Preview {
  readonly slug: string;
  readonly findings: readonly Finding[];
  readonly entities: number;
  readonly columns: readonly unknown[];
  readonly rows: readonly (readonly string[])[];
  readonly problem: string | undefined;
}

export async function loadPreview(draft: Draft): Promise<Preview> {
  const answer = await call('/dcat/preview', { method: 'POST', body: entityOf(draft, true) });
  const count = memberOf(answer, 'entities');
  return {
    slug: textOf(answer, 'slug') ?? '',
    findings: listOf(memberOf(answer, 'findings')).map((one) => ({
      isFault: textOf(one, 'severity') === 'fault',
      term: textOf(one, 'term'),
      rule: textOf(one, 'rule'),
      message: textOf(one, 'message') ?? '',
    })),
    entities: typeof count === 'number' ? count : 0,
    columns: listOf(memberOf(answer, 'columns')),
    rows: listOf(memberOf(answer, 'rows')).map(textsOf),
    problem: textOf(answer, 'problem'),
  };
}
