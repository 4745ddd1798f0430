/** Tells what the names of types and attributes in a definition stand for: those of the data models, or those of clients without a @context. */
import { join } from 'node:path';
import type { Context } from '../../core/jsonld/context.ts';
import { anyOfTypes, type Filter } from '../../core/language/filter.ts';
import { parseQ } from '../../core/language/q/q.ts';
import { parseScopeQ } from '../../core/language/scope-query.ts';
import type { Terms } from '../../core/model/entity.ts';
import type { Services } from '../../core/operation/operation.ts';
import { readModelIndex, readTerms } from '../models/model-index.ts';
import type { Definition, IrisOf } from './definition.ts';

export interface ModelNames {
  /** The terms of a family of data models. */
  readonly termsOf: (family: string) => IrisOf;
  /** The types that a name stands for, and the @context of their attributes. */
  readonly typesOf: (name: string) => { readonly iris: readonly string[]; readonly contextUrls: readonly string[] };
}

/** The folder of the data models in use, and that of the package, which has those of definitions. */
interface ModelFolders {
  readonly used: string;
  readonly packaged: string;
}

/** Reads the names of data models. Throws an Error that names the file and the fault. */
export function readModelNames({ used, packaged }: ModelFolders, core: Pick<Terms, 'expand'>): ModelNames {
  const folders = used === packaged ? [packaged] : [used, packaged];
  const families = folders.flatMap((folder) => readModelIndex(folder).families);
  const known = new Map<string, ReturnType<typeof readTerms>>();
  return {
    termsOf(family) {
      const terms = known.get(family) ?? readTerms(join(packaged, `${family}/context.jsonld`));
      known.set(family, terms);
      return (term) => [...new Set([terms.get(term) ?? core.expand(term), core.expand(term)])];
    },
    typesOf(name) {
      const found = families.flatMap(({ context, types }) =>
        types
          .filter((type) => type.name === name || type.iri === name)
          .map(({ iri }) => ({ iri, contextUrl: context.url })),
      );
      return {
        iris: [...new Set([...found.map(({ iri }) => iri), core.expand(name)])],
        contextUrls: found.slice(0, 1).map(({ contextUrl }) => contextUrl),
      };
    },
  };
}

/** Which entities a definition is about, and what the names of their attributes mean. */
export interface Source {
  readonly filter: Filter;
  /** The IRIs that may stand for the name of an attribute. */
  readonly irisOf: IrisOf;
}

/** What the source is written in. */
export interface SourceTexts {
  readonly types: readonly string[];
  readonly q?: string | undefined;
  readonly scopeQ?: string | undefined;
}

/** Throws the Problem of a type, query or scope query that cannot be read. */
export async function readSource(
  { types, q, scopeQ }: SourceTexts,
  { names, tenant, contexts }: { names: ModelNames; tenant: string; contexts: Services['contexts'] },
): Promise<Source> {
  const found = types.map(names.typesOf);
  const urls = [...new Set(found.flatMap(({ contextUrls }) => contextUrls))];
  const context: Context =
    urls.length === 0 ? await contexts.defaultContext(tenant) : await contexts.resolve(urls, tenant);
  return {
    filter: {
      selectors: [{ types: anyOfTypes(found.flatMap(({ iris }) => iris)) }],
      ...(q === undefined ? undefined : { q: parseQ(q, context, { expandValues: [], jsonKeys: [] }) }),
      ...(scopeQ === undefined ? undefined : { scopeQ: parseScopeQ(scopeQ) }),
    },
    irisOf: (name) => [...new Set([context.expand(name), contexts.core.expand(name)])],
  };
}

/** The texts of a source by the terms of the data models. */
export const sourceTexts = (definition: Definition): SourceTexts => ({
  types: definition.texts('sourceType'),
  q: definition.text('sourceQuery'),
  scopeQ: definition.text('sourceScope'),
});
