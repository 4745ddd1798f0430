/** Compiles @context definitions to a term table (JSON-LD 1.1 API clauses 4.1 and 4.2), as far as names are concerned. */
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { quoted } from '../model/read/id.ts';
import { atOnce, eachOf, type Pieces } from './in-pieces.ts';
import {
  colonOf,
  expandName,
  isAbsolute,
  isKeyword,
  isKeywordLike,
  meaningless,
  reversed,
  type Term,
  type TermTable,
} from './term-table.ts';

/** One step of a @context, everything remote being at hand: definitions, a null that forgets all before it, or the core. */
export type Part =
  | { readonly kind: 'definitions'; readonly definitions: JsonObject }
  | { readonly kind: 'reset' }
  | { readonly kind: 'core' };

/** Bounds on what a stranger's @context may cost: definitions, their IRIs together, and definitions that need each other. */
const definitionsMax = 100_000;
const charactersMax = 2 ** 22;
const depthMax = 100;

/** Members of a @context that are no terms. What is not about names (@base, @language, ...) is passed over. */
const settings = new Set('@base @direction @import @language @propagate @protected @type @version @vocab'.split(' '));

interface Active extends TermTable {
  readonly terms: Map<string, Term>;
  vocab: string | undefined;
  definitions: number;
  /** Of all IRIs: prefixes let them grow far beyond the text of the @context. */
  characters: number;
}

/** One object of definitions while it is compiled. `states` finds the cycles. */
interface Scope {
  readonly active: Active;
  readonly local: JsonObject;
  readonly keeper: Term['keeper'];
  readonly states: Map<string, 'open' | 'done'>;
  depth: number;
}

/**
 * The terms of a @context. The core comes last and prevails (CIM 009 clause 5.5.7): a term of a user that the core has too
 * is as if it were not there. Throws BadRequestData that names the faulty term.
 * Contexts of single terms, which only contexts of others may have, are passed over: NGSI-LD expands names of entities and
 * attributes in one @context, wherever they stand.
 */
export function* compileContext(parts: readonly Part[], core: TermTable): Pieces<TermTable> {
  const active: Active = { terms: new Map(), vocab: undefined, definitions: 0, characters: 0 };
  for (const part of parts) {
    if (part.kind === 'reset') reset(active);
    else if (part.kind === 'core') applyCore(active, core);
    else yield* defineAll(active, part.definitions, 'nobody');
  }
  applyCore(active, core);
  return active;
}

/** The terms of the core context itself. */
export function compileCore(definitions: JsonObject): TermTable {
  const active: Active = { terms: new Map(), vocab: undefined, definitions: 0, characters: 0 };
  atOnce(defineAll(active, definitions, 'core'));
  return active;
}

function reset(active: Active): void {
  const kept = [...active.terms].find(([, { keeper }]) => keeper === 'definition');
  if (kept !== undefined)
    throw badData(`The @context forgets everything by a null, but ${quoted(kept[0])} is protected.`);
  active.terms.clear();
  active.vocab = undefined;
}

function applyCore(active: Active, core: TermTable): void {
  for (const [name, term] of core.terms) active.terms.set(name, term);
  active.vocab = core.vocab;
}

function* defineAll(active: Active, local: JsonObject, keeper: Term['keeper']): Pieces<void> {
  defineVocab(active, local['@vocab']);
  const isProtected = keeper === 'nobody' && local['@protected'] === true;
  const scope: Scope = { active, local, keeper: isProtected ? 'definition' : keeper, states: new Map(), depth: 0 };
  yield* eachOf(Object.keys(local), (name) => need(scope, name));
}

/** A relative vocabulary stands for nothing, because `@base` is ignored: terms that would need it are faulty. */
function defineVocab(active: Active, vocab: Json | undefined): void {
  if (vocab === undefined) return;
  if (vocab !== null && typeof vocab !== 'string')
    throw badData(`The @vocab of a @context must be a string or null, not ${quoted(vocab)}.`);
  const iri = vocab === null ? '' : expandName(active, vocab);
  active.vocab = isAbsolute(iri) ? iri : undefined;
}

/** Sees to it that a term is defined before it is looked up. */
function need(scope: Scope, name: string): void {
  if (!Object.hasOwn(scope.local, name) || settings.has(name)) return;
  const state = scope.states.get(name);
  if (state === 'done') return;
  if (state === 'open') throw badData(`The @context defines ${quoted(name)} by means of itself.`);
  scope.states.set(name, 'open');
  scope.depth += 1;
  if (scope.depth > depthMax)
    throw badData(`More than ${depthMax} terms of the @context need one another to define ${quoted(name)}.`);
  define(scope, name);
  scope.depth -= 1;
  scope.states.set(name, 'done');
}

function define(scope: Scope, name: string): void {
  const { active } = scope;
  const previous = active.terms.get(name);
  if (previous?.keeper === 'core' || isPassedOver(name)) return;
  active.definitions += 1;
  if (active.definitions > definitionsMax) throw badData(`The @context defines more than ${definitionsMax} terms.`);
  active.terms.delete(name);
  const term = readTerm(scope, name) ?? previous;
  if (term !== undefined) setTerm(active, name, previous?.keeper === 'definition' ? kept(name, previous, term) : term);
}

function setTerm(active: Active, name: string, term: Term): void {
  active.characters += term.iri.length;
  if (active.characters > charactersMax)
    throw badData(`The IRIs of the @context have more than ${charactersMax} characters.`);
  active.terms.set(name, term);
}

/** A protected term, which may be defined again as it is. */
function kept(name: string, previous: Term, term: Term): Term {
  if (previous.iri === term.iri && previous.isPrefix === term.isPrefix) return previous;
  throw badData(`The @context redefines ${quoted(name)}, which is protected.`);
}

/** True for names that no definition can give a meaning. Throws when a definition must not even try. */
function isPassedOver(name: string): boolean {
  if (isKeyword(name)) throw badData(`The @context redefines the keyword ${quoted(name)}.`);
  if (name === '') throw badData('The @context defines a term without a name.');
  return isKeywordLike(name);
}

/** One definition. Undefined when its `@id` is kept for a keyword to come: then it counts for nothing. */
function readTerm(scope: Scope, name: string): Term | undefined {
  const given = scope.local[name];
  const definition = readDefinition(name, given);
  const keeper = keeperOf(scope, definition['@protected']);
  if (definition['@reverse'] !== undefined) return { iri: reversed, isPrefix: false, keeper };
  const id = readGivenId(name, definition['@id']);
  if (id === null) return { iri: meaningless, isPrefix: false, keeper };
  if (id !== undefined && isKeywordLike(id) && !isKeyword(id)) return undefined;
  const iri = id === undefined || id === name ? ownIri(scope, name) : givenIri(scope, name, id);
  const isPrefix =
    readPrefix(name, iri, definition['@prefix']) ?? (typeof given === 'string' && isSimplePrefix(name, given, iri));
  return { iri, isPrefix, keeper };
}

/** A definition in its long form: a string or null is an `@id`. */
function readDefinition(name: string, given: Json | undefined): JsonObject {
  if (typeof given === 'string' || given === null) return { '@id': given };
  if (isObject(given)) return given;
  throw badData(`The @context must define ${quoted(name)} by a string, an object or null, not by ${quoted(given)}.`);
}

function readGivenId(name: string, id: Json | undefined): string | null | undefined {
  if (id === undefined || id === null || typeof id === 'string') return id;
  throw badData(`The @id of ${quoted(name)} in the @context must be a string or null, not ${quoted(id)}.`);
}

/** A term that is defined by nothing but a string is a prefix when its IRI ends in a delimiter. */
const isSimplePrefix = (name: string, given: string, iri: string): boolean =>
  given !== name && colonOf(name) < 1 && /[:/?#[\]@]$/.test(iri);

function keeperOf(scope: Scope, isProtected: Json | undefined): Term['keeper'] {
  if (isProtected === undefined || scope.keeper === 'core') return scope.keeper;
  return isProtected === true ? 'definition' : 'nobody';
}

/** What a definition itself says of its use as a prefix. */
function readPrefix(name: string, iri: string, isPrefix: Json | undefined): boolean | undefined {
  if (isPrefix === undefined) return undefined;
  if (typeof isPrefix !== 'boolean')
    throw badData(`The @prefix of ${quoted(name)} in the @context must be true or false, not ${quoted(isPrefix)}.`);
  if (/[:/]/.test(name) || isKeyword(iri))
    throw badData(`The term ${quoted(name)} of the @context cannot be a prefix.`);
  return isPrefix;
}

/** The IRI of a term whose definition has no `@id` of its own: from its prefix, or below the vocabulary. */
function ownIri(scope: Scope, name: string): string {
  const colon = colonOf(name);
  if (colon > 0) {
    const prefix = name.slice(0, colon);
    need(scope, prefix);
    const term = scope.active.terms.get(prefix);
    return checkedIri(name, name, term === undefined ? name : term.iri + name.slice(colon + 1));
  }
  if (scope.active.vocab !== undefined) return checkedIri(name, name, scope.active.vocab + name);
  throw badData(
    `The @context does not say what ${quoted(name)} means: it has neither an IRI as @id, nor does a @vocab precede it.`,
  );
}

/** The IRI that the `@id` of a definition stands for. */
function givenIri(scope: Scope, name: string, id: string): string {
  const iri = expandName(scope.active, id, (term) => need(scope, term));
  if (iri === '@context' || iri === '@preserve')
    throw badData(`The @context makes ${quoted(name)} an alias of ${quoted(iri)}.`);
  if (isKeyword(iri)) return iri;
  checkedIri(name, id, iri);
  if (!/:[^:]|\//.test(name)) return iri;
  const form = expandName(scope.active, name, (term) => term === name || need(scope, term));
  if (form !== iri)
    throw badData(
      `The @context defines ${quoted(name)} as ${quoted(iri)}, but it has the form of an IRI and means ${quoted(form)}.`,
    );
  return iri;
}

function checkedIri(name: string, id: string, iri: string): string {
  if (!isAbsolute(iri)) throw badData(`The @context defines ${quoted(name)} by ${quoted(id)}, which is no IRI.`);
  return iri;
}
