/** Compares the expansion of names in [user context, core context] with the result of the jsonld library. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import jsonld from 'jsonld';
import { coreContext, coreContextUrl } from '../../../src/core/jsonld/known/core-context.ts';
import { createContexts } from '../../../src/core/jsonld/resolve.ts';
import { isObject, type Json, type JsonObject } from '../../../src/core/model/json.ts';
import { offline, offlineLoader } from './offline.ts';

const documents: Readonly<Record<string, Json>> = {
  'https://remote.example/flat': { '@context': { ex: 'https://example.org/', a: 'ex:a', Type: { '@id': 'ex:Type' } } },
  'https://remote.example/list': {
    '@context': ['flat', { '@vocab': 'https://vocab.example/' }, { b: 'ex:b', rel: { '@type': '@id' } }],
  },
};

const documentLoader = offlineLoader(documents);
const options = offline(documents);

const contexts = createContexts({
  load: (url) => documentLoader(url).then(({ document }) => document),
  known: {},
});

const asList = (user: Json): readonly Json[] => (Array.isArray(user) ? (user as readonly Json[]) : [user]);

/** A request's @context in full, as a JSON-LD processor needs it. A copy, since the library writes into what it is given. */
const inFull = (user: Json): Json => structuredClone([...asList(user), coreContextUrl]);

/** What the library makes of a document; undefined when it finds the @context faulty. */
async function attempt<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
  return work().catch(() => undefined);
}

type Node = Readonly<Record<string, Json>>;

const expandDocument = (user: Json, members: JsonObject): Promise<Node | undefined> =>
  attempt(async () => {
    const [node] = await jsonld.expand({ '@context': inFull(user), ...members } as jsonld.JsonLdDocument, options);
    return (node ?? {}) as unknown as Node;
  });

const short = fc.constantFrom('a', 'b', 'c', 'ex', 'ey', 'vo', 'Type', 'name', 'speed', 'id2');
const ending = fc.constantFrom('', 'a', 'b', 'x/y', 'x#', 'Type', 'speed');
const base = fc.constantFrom(
  'https://example.org/',
  'https://example.org/x#',
  'https://example.org/x',
  'urn:x:',
  'https://uri.etsi.org/ngsi-ld/default-context/',
);
const iri = fc.tuple(base, ending).map(([start, end]) => start + end);
const compactIri = fc.tuple(short, ending).map(([prefix, end]) => `${prefix}:${end}`);
const coreTerm = fc.constantFrom('observedAt', 'Property', 'geojson', 'location', 'title', 'unitCode');
const core = fc.oneof(coreTerm, fc.constantFrom('geojson:Point', 'ngsi-ld:x'));
const id = fc.oneof({ weight: 4, arbitrary: iri }, { weight: 3, arbitrary: compactIri }, short, core);

/** Values of a term: they have no influence on what it means, but the library does consider them when it compacts. */
const coercion = {
  '@type': fc.constantFrom('@id', '@vocab', '@json', 'http://www.w3.org/2001/XMLSchema#date'),
  '@container': fc.constantFrom('@set', '@list', '@index'),
};

const longDefinition = (extras: object): fc.Arbitrary<JsonObject> =>
  fc
    .record({ '@id': id, '@prefix': fc.boolean(), '@protected': fc.boolean(), ...extras }, { requiredKeys: [] })
    .map((record) => ({ ...record }));
const nothing = fc.constantFrom<Json>(null, { '@id': null });
const definition = (extras: object) =>
  fc.oneof(
    { weight: 6, arbitrary: id },
    { weight: 4, arbitrary: longDefinition(extras) },
    { weight: 1, arbitrary: nothing },
  );

const term = fc.oneof(
  { weight: 8, arbitrary: short },
  { weight: 1, arbitrary: compactIri },
  { weight: 1, arbitrary: coreTerm },
);
const vocab = fc.oneof(fc.constant(null), iri, compactIri);
const definitions = (extras: object): fc.Arbitrary<JsonObject> =>
  fc
    .record({
      terms: fc.dictionary(term, definition(extras), { maxKeys: 6 }),
      vocabulary: fc.option(vocab, { freq: 3, nil: undefined }),
      hasBase: fc.boolean(),
      chance: fc.nat(9),
    })
    .map(({ terms, vocabulary, hasBase, chance }) => ({
      ...(vocabulary === undefined ? {} : { '@vocab': vocabulary }),
      ...(hasBase ? { '@base': 'https://base.example/' } : {}),
      ...(chance === 0 ? { '@protected': true } : {}),
      ...terms,
    }));
const remote = fc.constantFrom(...Object.keys(documents).filter((url) => url.startsWith('https://remote.')));
const contextOf = (extras: object): fc.Arbitrary<Json> => {
  const element = fc.oneof({ weight: 4, arbitrary: definitions(extras) }, { weight: 1, arbitrary: remote });
  const list = fc.array(element, { minLength: 1, maxLength: 3 });
  return fc.oneof(
    { weight: 5, arbitrary: definitions(extras) },
    { weight: 4, arbitrary: list },
    { weight: 1, arbitrary: remote },
  );
};

/** True when a term without meaning is the prefix of another term: of that the library makes the IRI "null...". */
function hasEmptyPrefix(user: Json): boolean {
  const entries = asList(user).flatMap((element) => (isObject(element) ? Object.entries(element) : []));
  const empty = entries.filter(([, value]) => value === null || (isObject(value) && value['@id'] === null));
  return empty.some(([prefix]) => entries.some(([key]) => key.startsWith(`${prefix}:`)));
}
const userContext = contextOf(coercion).filter((user) => !hasEmptyPrefix(user));
const plainContext = contextOf({}).filter((user) => !hasEmptyPrefix(user));
const name = fc.oneof(
  short,
  term,
  compactIri,
  iri,
  fc.constantFrom('unknown', 'a:b:c', ':x', 'ex://x', 'x/y', 'urn:y', '#x'),
);

/** Core terms with coercion: the library passes them over when it compacts a type, we do not. */
const coerced = new Set(Object.keys(coreContext).filter((key) => typeof coreContext[key] === 'object'));

/** True when a core term was redefined under protection: there the library gives up, while for us the core prevails. */
const isProtecting = (user: Json): boolean => JSON.stringify(user).includes('"@protected":true');

const runs = { numRuns: 300 };

describe('what jsonld makes of a name', () => {
  test('as a type, we make of it', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(userContext, name, async (user, type) => {
        const node = await expandDocument(user, { '@id': 'urn:x:1', '@type': type });
        if (node === undefined) return;
        compared += 1;
        const ours = (await contexts.resolve(user)).expand(type);
        const theirs = node['@type'] as readonly (string | null)[] | undefined;
        expect(ours.startsWith('@') ? null : ours).toBe(theirs?.[0] ?? null);
      }),
      runs,
    );
    expect(compared).toBeGreaterThan(runs.numRuns / 4);
  });

  test('as the name of an attribute, we make of it', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(userContext, name, async (user, attribute) => {
        const node = await expandDocument(user, {
          '@id': 'urn:x:1',
          '@type': 'urn:x:T',
          [attribute]: { '@id': 'urn:x:2' },
        });
        if (node === undefined) return;
        compared += 1;
        const ours = (await contexts.resolve(user)).expand(attribute);
        const theirs = Object.keys(node).filter((key) => !key.startsWith('@'));
        expect(ours.startsWith('@') ? [] : [ours]).toEqual(theirs);
      }),
      runs,
    );
    expect(compared).toBeGreaterThan(runs.numRuns / 4);
  });

  test('as a type to be compacted, we make of it, if that can be expanded again', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(plainContext, fc.oneof(iri, name), async (user, type) => {
        const ours = await attempt(() => contexts.resolve(user));
        const full = ours?.expand(type);
        if (ours === undefined || full === undefined || full.startsWith('@')) return;
        const document = { '@id': 'urn:y:1', '@type': [full] } as unknown as jsonld.JsonLdDocument;
        const node = await attempt(() =>
          jsonld.compact(document, inFull(user) as unknown as jsonld.ContextDefinition, options),
        );
        const theirs = (node as Node | undefined)?.['type'];
        if (typeof theirs !== 'string' || ours.expand(theirs) !== full || coerced.has(ours.compactVocab(full))) return;
        compared += 1;
        expect(ours.compactVocab(full)).toBe(theirs);
      }),
      runs,
    );
    expect(compared).toBeGreaterThan(runs.numRuns / 4);
  });

  test('is what we refuse, when it refuses it', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(userContext, async (user) => {
        if (isProtecting(user)) return;
        const node = await expandDocument(user, { '@id': 'urn:x:1' });
        const ours = await attempt(() => contexts.resolve(user));
        if (node === undefined) refused += 1;
        expect(ours === undefined).toBe(node === undefined);
      }),
      runs,
    );
    expect(refused).toBeGreaterThan(0);
  });
});

test('a compacted name always expands to its IRI again', async () => {
  await fc.assert(
    fc.asyncProperty(userContext, name, iri, async (user, text, other) => {
      const context = await attempt(() => contexts.resolve(user));
      if (context === undefined) return;
      for (const full of [context.expand(text), other]) {
        const compacted = context.compactVocab(full);
        if (compacted !== full) expect(context.expand(compacted)).toBe(full);
      }
    }),
    runs,
  );
});
