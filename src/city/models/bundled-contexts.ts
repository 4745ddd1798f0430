/**
 * Provides the @contexts that are bundled with the data models: those of the families, and tables of terms of public Smart Data Models.
 * They need no download.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Json } from '../../core/model/json.ts';
import { readModelIndex } from './model-index.ts';
import { readJson } from './read-json.ts';

/** A @context with its public URLs and the path at which the broker serves it. */
interface BundledContext {
  readonly urls: readonly string[];
  readonly path: string;
  readonly document: Json;
}

/** Public @contexts as tables of terms. The IRI of each term ends in the term. Terms of the core @context are omitted. */
interface PublicContexts {
  /** The prefix of the IRIs of shared terms. */
  readonly base: string;
  /** Their public URLs, with SUBJECT as the placeholder for a name. */
  readonly urls: readonly string[];
  readonly subjects: Readonly<Record<string, { readonly own: string; readonly common: string }>>;
}

const text = { type: 'string' };
const tablesSchema = {
  type: 'object',
  required: ['base', 'urls', 'subjects'],
  properties: {
    base: text,
    urls: { type: 'array', items: text },
    subjects: {
      type: 'object',
      additionalProperties: { type: 'object', required: ['own', 'common'], properties: { own: text, common: text } },
    },
  },
};

/** The @contexts of a folder of models. Throws an Error that names the file and the fault. */
export function readBundledContexts(directory: string): readonly BundledContext[] {
  const families = readModelIndex(directory).families.map(({ context }) => ({
    urls: [context.url],
    path: `/smart-data-models/${context.file}`,
    document: readJson(join(directory, context.file)),
  }));
  return [...families, ...readPublicContexts(join(directory, 'public-contexts.json'))];
}

/** The @contexts by public URL and by path of the broker. */
export const knownContexts = (directory: string): Readonly<Record<string, Json>> =>
  Object.fromEntries(
    readBundledContexts(directory).flatMap(({ urls, path, document }) =>
      [...urls, path].map((place) => [place, document] as const),
    ),
  );

/** The file is optional. */
function readPublicContexts(path: string): readonly BundledContext[] {
  if (!existsSync(path)) return [];
  const tables = readJson(path);
  // The schema is our own: checking it takes longer than the rest of this.
  const ajv = new Ajv2020({ strict: true, validateSchema: false });
  if (!ajv.validate<PublicContexts>(tablesSchema, tables))
    throw new Error(`${path} holds no tables of public @contexts: ${ajv.errorsText()}.`);
  const { base, urls, subjects } = tables;
  return Object.entries(subjects).map(([subject, { own, common }]) => ({
    urls: urls.map((url) => url.replace('SUBJECT', subject)),
    path: `/smart-data-models/${subject}/context.jsonld`,
    document: { '@context': { ...termsIn(common, base), ...termsIn(own, `${base}${subject}/`) } },
  }));
}

const termsIn = (names: string, base: string): Readonly<Record<string, string>> =>
  Object.fromEntries(names.split(' ').flatMap((name) => (name === '' ? [] : [[name, base + name]])));
