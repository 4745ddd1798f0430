/** Compiles @context definitions to a term table (JSON-LD 1.1 API clauses 4.1 and 4.2), as far as they affect names. */
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { badData } from '../model/problem.ts';
import { quoted } from '../model/read/id.ts';
import { runSync, forEachInterruptible, type Interruptible } from '../model/interruptible.ts';
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

/** One step of a @context, with all remote documents loaded: definitions, a null that removes all earlier definitions, or the core. */
export type Part =
  | { readonly kind: 'definitions'; readonly definitions: JsonObject }
  | { readonly kind: 'reset' }
  | { readonly kind: 'core' };

/**
 * Limits for an untrusted @context: number of definitions, total length of their IRIs, and depth of definitions that depend on each other.
 */
const definitionsMax = 100_000;
const charactersMax = 2 ** 22;
const depthMax = 100;

/** Members of a @context that are not terms. Settings that do not affect names (@base, @language, ...) are ignored. */
const settings = new Set('@base @direction @import @language @propagate @protected @type @version @vocab'.split(' '));

interface Active extends TermTable {
  readonly terms: Map<string, Term>;
  vocab: string | undefined;
  definitions: number;
  /** Total length of all IRIs: prefixes can make it far longer than the text of the @context. */
  characters: number;
}

/** One object of definitions during compilation. `states` is for the detection of cycles. */
interface Scope {
  readonly active: Active;
  readonly local: JsonObject;
  readonly protection: Term['protection'];
  readonly states: Map<string, 'open' | 'done'>;
  depth: number;
}

/**
 * The terms of a @context. The core comes last and takes precedence (CIM 009 clause 5.5.7): a user's definition of a core term has no
 * effect. Throws BadRequestData that names the faulty term.
 * Scoped contexts of single terms are ignored; only built-in contexts may have them. NGSI-LD expands all names of entities and attributes
 * with one @context, at any level.
 */
export function* compileContext(parts: readonly Part[], core: TermTable): Interruptible<TermTable> {
  const active: Active = { terms: new Map(), vocab: undefined, definitions: 0, characters: 0 };
  for (const part of parts) {
    if (part.kind === 'reset') reset(active);
    else if (part.kind === 'core') applyCore(active, core);
    else yield* defineAll(active, part.definitions, 'none');
    yield;
  }
  applyCore(active, core);
  return active;
}

/** The terms of the core context itself. */
export function compileCore(definitions: JsonObject): TermTable {
  const active: Active = { terms: new Map(), vocab: undefined, definitions: 0, characters: 0 };
  runSync(defineAll(active, definitions, 'core'));
  return active;
}

function reset(active: Active): void {
  const kept = [...active.terms].find(([, { protection }]) => protection === 'definition');
  if (kept !== undefined)
    throw badData(`The @context forgets everything by a null, but ${quoted(kept[0])} is protected.`);
  active.terms.clear();
  active.vocab = undefined;
}

function applyCore(active: Active, core: TermTable): void {
  for (const [name, term] of core.terms) active.terms.set(name, term);
  active.vocab = core.vocab;
}

function* defineAll(active: Active, local: JsonObject, protection: Term['protection']): Interruptible<void> {
  defineVocab(active, local['@vocab']);
  const isProtected = protection === 'none' && local['@protected'] === true;
  const scope: Scope = {
    active,
    local,
    protection: isProtected ? 'definition' : protection,
    states: new Map(),
    depth: 0,
  };
  yield* forEachInterruptible(Object.keys(local), (name) => defineIfNeeded(scope, name));
}

/** A relative vocabulary is ignored, because `@base` is ignored: a term that needs it is an error. */
function defineVocab(active: Active, vocab: Json | undefined): void {
  if (vocab === undefined) return;
  if (vocab !== null && typeof vocab !== 'string')
    throw badData(`The @vocab of a @context must be a string or null, not ${quoted(vocab)}.`);
  const iri = vocab === null ? '' : expandName(active, vocab);
  active.vocab = isAbsolute(iri) ? iri : undefined;
}

/** Defines a term before it is looked up. */
function defineIfNeeded(scope: Scope, name: string): void {
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
  if (previous?.protection === 'core' || isIgnored(name)) return;
  active.definitions += 1;
  if (active.definitions > definitionsMax) throw badData(`The @context defines more than ${definitionsMax} terms.`);
  active.terms.delete(name);
  const term = readTerm(scope, name) ?? previous;
  if (term !== undefined)
    setTerm(active, name, previous?.protection === 'definition' ? checkProtected(name, previous, term) : term);
}

function setTerm(active: Active, name: string, term: Term): void {
  active.characters += term.iri.length;
  if (active.characters > charactersMax)
    throw badData(`The IRIs of the @context have more than ${charactersMax} characters.`);
  active.terms.set(name, term);
}

/** Redefines a protected term. Only an identical definition is allowed. */
function checkProtected(name: string, previous: Term, term: Term): Term {
  if (previous.iri === term.iri && previous.isPrefix === term.isPrefix) return previous;
  throw badData(`The @context redefines ${quoted(name)}, which is protected.`);
}

/** True for a name whose definition is ignored. Throws when the definition is an error. */
function isIgnored(name: string): boolean {
  if (isKeyword(name)) throw badData(`The @context redefines the keyword ${quoted(name)}.`);
  if (name === '') throw badData('The @context defines a term without a name.');
  return isKeywordLike(name);
}

/** One definition. Undefined when its `@id` has the form of a future keyword: then the definition is ignored. */
function readTerm(scope: Scope, name: string): Term | undefined {
  const given = scope.local[name];
  const definition = readDefinition(name, given);
  const protection = protectionOf(scope, definition['@protected']);
  if (definition['@reverse'] !== undefined) return { iri: reversed, isPrefix: false, protection };
  const id = readGivenId(name, definition['@id']);
  if (id === null) return { iri: meaningless, isPrefix: false, protection };
  if (id !== undefined && isKeywordLike(id) && !isKeyword(id)) return undefined;
  const iri = id === undefined || id === name ? ownIri(scope, name) : givenIri(scope, name, id);
  const isPrefix =
    readPrefix(name, iri, definition['@prefix']) ?? (typeof given === 'string' && isSimplePrefix(name, given, iri));
  return { iri, isPrefix, protection };
}

/** A definition in expanded form: a string or null is its `@id`. */
function readDefinition(name: string, given: Json | undefined): JsonObject {
  if (typeof given === 'string' || given === null) return { '@id': given };
  if (isObject(given)) return given;
  throw badData(`The @context must define ${quoted(name)} by a string, an object or null, not by ${quoted(given)}.`);
}

function readGivenId(name: string, id: Json | undefined): string | null | undefined {
  if (id === undefined || id === null || typeof id === 'string') return id;
  throw badData(`The @id of ${quoted(name)} in the @context must be a string or null, not ${quoted(id)}.`);
}

/** A term defined by just a string is a prefix when its IRI ends in a delimiter. */
const isSimplePrefix = (name: string, given: string, iri: string): boolean =>
  given !== name && colonOf(name) < 1 && /[:/?#[\]@]$/.test(iri);

function protectionOf(scope: Scope, isProtected: Json | undefined): Term['protection'] {
  if (isProtected === undefined || scope.protection === 'core') return scope.protection;
  return isProtected === true ? 'definition' : 'none';
}

/** The `@prefix` of a definition. */
function readPrefix(name: string, iri: string, isPrefix: Json | undefined): boolean | undefined {
  if (isPrefix === undefined) return undefined;
  if (typeof isPrefix !== 'boolean')
    throw badData(`The @prefix of ${quoted(name)} in the @context must be true or false, not ${quoted(isPrefix)}.`);
  if (/[:/]/.test(name) || isKeyword(iri))
    throw badData(`The term ${quoted(name)} of the @context cannot be a prefix.`);
  return isPrefix;
}

/** The IRI of a term without its own `@id`: from its prefix, or from the vocabulary. */
function ownIri(scope: Scope, name: string): string {
  const colon = colonOf(name);
  if (colon > 0) {
    const prefix = name.slice(0, colon);
    defineIfNeeded(scope, prefix);
    const term = scope.active.terms.get(prefix);
    return checkedIri(name, name, term === undefined ? name : term.iri + name.slice(colon + 1));
  }
  if (scope.active.vocab !== undefined) return checkedIri(name, name, scope.active.vocab + name);
  throw badData(
    `The @context does not say what ${quoted(name)} means: it has neither an IRI as @id, nor does a @vocab precede it.`,
  );
}

/** The IRI of the `@id` of a definition. */
function givenIri(scope: Scope, name: string, id: string): string {
  const iri = expandName(scope.active, id, (term) => defineIfNeeded(scope, term));
  if (iri === '@context' || iri === '@preserve')
    throw badData(`The @context makes ${quoted(name)} an alias of ${quoted(iri)}.`);
  if (isKeyword(iri)) return iri;
  checkedIri(name, id, iri);
  if (!/:[^:]|\//.test(name)) return iri;
  const form = expandName(scope.active, name, (term) => term === name || defineIfNeeded(scope, term));
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
