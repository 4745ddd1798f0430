/** Tests @contexts: the core @context, terms, faults, remote @contexts, and the cache of documents. */
import { describe, expect, test } from '@jest/globals';
import { coreContext, coreContextUrl } from '../../../src/core/jsonld/known/core-context.ts';
import { dataIntegrityUrl } from '../../../src/core/jsonld/known/data-integrity.ts';
import { type Contexts, createContexts } from '../../../src/core/jsonld/resolve.ts';
import type { Json } from '../../../src/core/model/json.ts';
import { Problem } from '../../../src/core/model/problem.ts';

const core = 'https://uri.etsi.org/ngsi-ld/';
const fallback = `${core}default-context/`;

/** Contexts over a web of documents, and the URLs that were loaded, in order. */
function web(documents: Readonly<Record<string, Json>> = {}, known: Readonly<Record<string, Json>> = {}) {
  const loaded: string[] = [];
  const load = (url: string): Promise<Json> => {
    loaded.push(url);
    const document = documents[url];
    return document === undefined
      ? Promise.reject(new Problem('LdContextNotAvailable', `There is nothing at ${url}.`))
      : Promise.resolve(document);
  };
  return { contexts: createContexts({ load, known }), loaded };
}

const contexts: Contexts = web().contexts;

/** The problem that resolving a @context ends in. */
const problemOf = async (value: Json, from: Contexts = contexts): Promise<Problem> =>
  from.resolve(value).then(
    () => Promise.reject(new Error('the @context was taken')),
    (problem: unknown) => problem as Problem,
  );

test('compiled contexts are cached within their bytes, and those that were not used for longest go first', async () => {
  const url = (n: number): string => `https://example.org/${n}`;
  const terms = (n: number): Json => ({ '@context': { [`term${n}`]: `${url(n)}/term` } });
  const loaded: string[] = [];
  const load = (from: string): Promise<Json> => {
    loaded.push(from);
    return Promise.resolve(terms(Number(from.split('/').at(-1))));
  };
  const held: number[] = [];
  const bytesMax = 200_000;
  const small = createContexts({ load, known: {}, cache: { bytesMax, onBytes: (bytes) => held.push(bytes) } });
  for (let n = 0; n < 40; n += 1) await small.resolve(url(n));
  expect(Math.max(...held)).toBeLessThanOrEqual(bytesMax);
  expect(held.at(-1)).toBeGreaterThan(bytesMax / 4);
  const before = loaded.length;
  await small.resolve(url(39));
  expect(loaded).toHaveLength(before);
  await small.resolve(url(0));
  expect(loaded).toHaveLength(before + 1);
  small.forget(undefined);
  expect(held.at(-1)).toBe(0);
});

describe('the core context', () => {
  test.each([
    ['Property', `${core}Property`],
    ['observedAt', `${core}observedAt`],
    ['value', `${core}hasValue`],
    ['Point', 'https://purl.org/geojson/vocab#Point'],
    ['title', 'http://purl.org/dc/terms/title'],
    ['temperature', `${fallback}temperature`],
    ['id', '@id'],
    ['type', '@type'],
  ])('%s is %s and back', (term, iri) => {
    expect(contexts.core.expand(term)).toBe(iri);
    expect(contexts.core.compactVocab(iri)).toBe(term);
  });

  test.each(['urn:ngsi-ld:Streetlight:1', 'https://example.org/a', 'mailto:a@example.org', '_:b0', '@id'])(
    '%s stays',
    (iri) => {
      expect(contexts.core.expand(iri)).toBe(iri);
    },
  );

  test('what is under the default vocabulary but looks like a core term or a prefix keeps a longer name', () => {
    expect(contexts.core.compactVocab(`${fallback}Property`)).toBe('ngsi-ld:default-context/Property');
    expect(contexts.core.compactVocab(`${fallback}urn:x`)).toBe('ngsi-ld:default-context/urn:x');
    expect(contexts.core.compactVocab(fallback)).toBe('ngsi-ld:default-context/');
  });

  test('names of the object prototype are ordinary names', () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      expect(contexts.core.expand(name)).toBe(fallback + name);
      expect(contexts.core.compactVocab(fallback + name)).toBe(name);
    }
  });

  test('more names than are remembered keep their meaning', () => {
    const names = Array.from({ length: 2500 }, (_, index) => `name${index}`);
    for (const name of [...names, ...names]) {
      expect(contexts.core.expand(name)).toBe(fallback + name);
      expect(contexts.core.compactVocab(fallback + name)).toBe(name);
    }
  });

  test('nothing given is the core', async () => {
    for (const nothing of [undefined, [], {}]) expect(await contexts.resolve(nothing)).toBe(contexts.core);
    expect(contexts.core).toMatchObject({
      key: coreContextUrl,
      given: coreContextUrl,
      written: coreContextUrl,
      url: coreContextUrl,
    });
  });

  test.each(['-v1.3', '-v1.4', '-v1.5', '-v1.6', '-v1.7', '-v1.8', '-v1.9', ''])(
    'version "%s" is recognised',
    async (version) => {
      const url = `https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context${version}.jsonld`;
      const context = await contexts.resolve(url);
      expect(context).toMatchObject({ key: url, given: url, written: url, url });
      expect(context.expand('VocabProperty')).toBe(`${core}VocabProperty`);
    },
  );
});

describe('terms', () => {
  const context = contexts.resolve({
    ex: 'https://example.org/',
    hash: { '@id': 'https://example.org/hash', '@prefix': true },
    noPrefix: { '@id': 'https://example.org/no/', '@prefix': false },
    Light: 'ex:Streetlight',
    lamp: 'ex:Streetlight',
    luminosity: { '@id': 'ex:lum', '@type': 'http://www.w3.org/2001/XMLSchema#double' },
    'ex:given': { '@type': '@id' },
    later: 'second:end',
    second: 'https://second.example/',
    gone: null,
    alsoGone: { '@id': null },
    identifier: '@id',
    parts: { '@reverse': 'ex:isPartOf' },
    '@future': 'https://example.org/future',
    odd: '@future',
  });

  test.each([
    ['ex:a/b', 'https://example.org/a/b'],
    ['hash:x', 'https://example.org/hashx'],
    ['noPrefix:x', 'noPrefix:x'],
    ['Light', 'https://example.org/Streetlight'],
    ['luminosity', 'https://example.org/lum'],
    ['ex:given', 'https://example.org/given'],
    ['later', 'https://second.example/end'],
    ['ex://x', 'ex://x'],
    ['identifier', '@id'],
    ['odd', `${fallback}odd`],
  ])('%s expands to %s', async (name, iri) => expect((await context).expand(name)).toBe(iri));

  test.each([
    ['https://example.org/Streetlight', 'lamp'],
    ['https://example.org/lum', 'luminosity'],
    ['https://example.org/other', 'ex:other'],
    ['https://example.org/given', 'ex:given'],
    ['https://example.org/hash/x', 'hash:/x'],
    ['https://example.org/no/x', 'ex:no/x'],
    ['https://elsewhere.example/x', 'https://elsewhere.example/x'],
    ['https://example.org/', 'ex'],
    ['@id', 'id'],
  ])('%s compacts to %s', async (iri, name) => expect((await context).compactVocab(iri)).toBe(name));

  test('what a @context takes away is no IRI', async () => {
    for (const name of ['gone', 'alsoGone', 'parts']) expect((await context).expand(name)).toMatch(/^@/);
    expect((await context).compactVocab('https://example.org/isPartOf')).toBe('ex:isPartOf');
  });

  test('the shortest term wins, then the first in order', async () => {
    const several = await contexts.resolve({ zz: 'ex:t', bb: 'ex:t', aaa: 'ex:t' });
    expect(several.compactVocab('ex:t')).toBe('bb');
  });

  test('a compact IRI that means something else is not taken', async () => {
    const crossed = await contexts.resolve([
      { ex: 'https://example.org/', e: 'https://example.org/' },
      { 'e:x': null },
    ]);
    expect(crossed.compactVocab('https://example.org/x')).toBe('ex:x');
  });

  test('@vocab serves the definitions after it, and the core vocabulary the unknown terms', async () => {
    const own = await contexts.resolve([
      { '@vocab': 'https://example.org/' },
      { named: { '@type': '@id' }, near: 'far' },
    ]);
    expect(own.expand('named')).toBe('https://example.org/named');
    expect(own.expand('near')).toBe('https://example.org/far');
    expect(own.expand('unknown')).toBe(`${fallback}unknown`);
  });

  test('no user redefines a core term, wherever the core stands', async () => {
    const bold = {
      observedAt: 'https://example.org/at',
      type: 'https://example.org/type',
      'ngsi-ld': 'https://example.org/',
      mine: 'https://example.org/mine',
    };
    for (const given of [
      bold,
      [bold, coreContextUrl],
      [coreContextUrl, bold],
      [coreContextUrl, bold, coreContextUrl],
    ]) {
      const context = await contexts.resolve(given);
      expect(context.expand('observedAt')).toBe(`${core}observedAt`);
      expect(context.expand('type')).toBe('@type');
      expect(context.expand('ngsi-ld:x')).toBe(`${core}x`);
      expect(context.expand('mine')).toBe('https://example.org/mine');
    }
  });

  test('after the core URL, definitions may use its terms', async () => {
    const context = await contexts.resolve([coreContextUrl, { mine: 'ngsi-ld:mine', plain: { '@type': '@id' } }]);
    expect(context.expand('mine')).toBe(`${core}mine`);
    expect(context.expand('plain')).toBe(`${fallback}plain`);
  });

  test('contexts of single terms are refused', async () => {
    await expect(contexts.resolve({ a: { '@id': 'ex:a', '@context': { b: 'ex:b' } } })).rejects.toThrow(
      /"a".*does not allow/,
    );
  });

  test('a null forgets what was before it', async () => {
    const context = await contexts.resolve([{ a: 'ex:a' }, null, { b: 'ex:b' }]);
    expect(context.expand('a')).toBe(`${fallback}a`);
    expect(context.expand('b')).toBe('ex:b');
  });

  test('a protected term may be said again, but not changed', async () => {
    const own = { '@protected': true, a: 'ex:a', free: { '@id': 'ex:free', '@protected': false } };
    expect((await contexts.resolve([own, { a: 'ex:a', free: 'ex:other' }])).expand('free')).toBe('ex:other');
    expect((await problemOf([own, { a: 'ex:b' }])).message).toContain('"a"');
    expect((await problemOf([own, null])).message).toContain('"a"');
  });
});

describe('faults', () => {
  test.each<[string, Json, string]>([
    ['a term by itself', { a: 'a:x' }, '"a"'],
    ['a cycle', { a: 'b:x', b: 'c:x', c: 'a:x' }, '"a"'],
    ['a number as a definition', { a: 5 }, '"a"'],
    ['an array as a definition', { a: ['ex:a'] }, '"a"'],
    ['a number as @id', { a: { '@id': 5 } }, '"a"'],
    ['a relative @id', { a: 'b' }, '"b"'],
    ['blanks in an @id', { a: 'ex:b c' }, '"ex:b c"'],
    ['neither @id nor vocabulary', { a: { '@type': '@id' } }, '"a"'],
    ['an @id by a term without meaning', { b: null, a: 'b' }, '"a"'],
    ['a keyword as a term', { '@id': 'ex:a' }, '"@id"'],
    ['an empty term', { '': 'ex:a' }, 'without a name'],
    ['@context under another name', { a: '@context' }, '"a"'],
    ['a number as @vocab', { '@vocab': 5 }, '@vocab'],
    ['a text as @prefix', { a: { '@id': 'ex:a', '@prefix': 'yes' } }, '"a"'],
    ['a compact IRI as @prefix', { 'a:b': { '@id': 'a:b', '@prefix': true } }, '"a:b"'],
    ['an IRI that means another', { 'ex:a': 'https://example.org/b' }, '"ex:a"'],
    ['a number as @import', { '@import': 5 }, '@import'],
    ['a number', 5, '5'],
    ['null', null, 'null'],
    ['true in an array', [true], 'true'],
    ['a relative URL', 'context.jsonld', '"context.jsonld"'],
    ['a URL of another kind', 'file:///etc/passwd', 'file:///etc/passwd'],
    [
      'a long chain',
      Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`t${index}`, `t${index + 1}:x`])),
      'need one another',
    ],
    [
      'an IRI that grows',
      {
        t0: 'ex:',
        ...Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`t${index + 1}`, `t${index}:x/`])),
      },
      'characters',
    ],
    [
      'too many terms',
      Object.fromEntries(Array.from({ length: 100_001 }, (_, index) => [`t${index}`, 'ex:t'])),
      '100000',
    ],
    ['deep arrays', [[[[[[[[[[{}]]]]]]]]]], 'deep'],
  ])('%s', async (_name, value, named) => {
    const problem = await problemOf(value);
    expect(problem.type).toBe('BadRequestData');
    expect(problem.message).toContain(named);
  });
});

describe('remote contexts', () => {
  const documents: Readonly<Record<string, Json>> = {
    'https://a.example/ctx/a.jsonld': { '@context': ['b.jsonld', '/c.jsonld', coreContextUrl, { a: 'bee:a' }] },
    'https://a.example/ctx/b.jsonld': { '@context': { bee: 'https://b.example/', '@base': 'https://base.example/' } },
    'https://a.example/c.jsonld': { '@context': { see: 'https://c.example/' } },
    'https://a.example/text': 'text',
    'https://a.example/none': { context: {} },
    'https://a.example/number': { '@context': 5 },
    'https://a.example/self': { '@context': ['other'] },
    'https://a.example/other': { '@context': ['./x/../self'] },
    'https://a.example/many': { '@context': Array.from({ length: 101 }, () => 'c.jsonld') },
    ...Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`https://a.example/${index}`, { '@context': String(index + 1) }]),
    ),
  };

  test('references in them are relative to them', async () => {
    const { contexts, loaded } = web(documents);
    const context = await contexts.resolve('https://a.example/ctx/a.jsonld');
    expect(context.expand('a')).toBe('https://b.example/a');
    expect(context.expand('see')).toBe('https://c.example/');
    expect(loaded).toEqual([
      'https://a.example/ctx/a.jsonld',
      'https://a.example/ctx/b.jsonld',
      'https://a.example/c.jsonld',
    ]);
  });

  test('each is loaded once, and compiled once for those who wait', async () => {
    const { contexts, loaded } = web(documents);
    const url = 'https://a.example/c.jsonld';
    const [one, other] = await Promise.all([contexts.resolve(url), contexts.resolve(url), contexts.resolve([url])]);
    expect(other).toBe(one);
    expect(await contexts.resolve(url)).toBe(one);
    expect(loaded).toEqual([url]);
  });

  test('a failure is not kept', async () => {
    const late: Record<string, Json> = {};
    const { contexts } = web(late);
    expect((await problemOf('https://late.example/', contexts)).type).toBe('LdContextNotAvailable');
    late['https://late.example/'] = { '@context': { a: 'ex:a' } };
    expect((await contexts.resolve('https://late.example/')).expand('a')).toBe('ex:a');
  });

  test('what is known is not loaded', async () => {
    const { contexts, loaded } = web({}, { 'https://known.example/': { '@context': { a: 'ex:a' } } });
    const context = await contexts.resolve(['https://known.example/', dataIntegrityUrl]);
    expect(context.expand('a')).toBe('ex:a');
    expect(context.expand('DataIntegrityProof')).toBe('https://w3id.org/security#DataIntegrityProof');
    expect(loaded).toEqual([]);
  });

  test('@import is completed and overridden by what is beside it', async () => {
    const { contexts } = web({
      ...documents,
      'https://a.example/i': { '@context': { ex: 'https://example.org/', a: 'ex:a', b: 'ex:b' } },
    });
    const context = await contexts.resolve({ '@import': 'https://a.example/i', a: 'https://other.example/a' });
    expect([context.expand('a'), context.expand('b')]).toEqual(['https://other.example/a', 'https://example.org/b']);
    expect((await problemOf({ '@import': 'https://a.example/ctx/a.jsonld' }, contexts)).type).toBe('BadRequestData');
    expect((await contexts.resolve({ '@import': coreContextUrl, a: 'ngsi-ld:a' })).expand('a')).toBe(`${core}a`);
  });

  test.each([
    ['https://a.example/text', 'no @context'],
    ['https://a.example/none', 'there is none'],
    ['https://a.example/number', '5'],
    ['https://a.example/self', 'refers to itself'],
    ['https://a.example/many', '100 documents'],
    ['https://a.example/0', 'deep'],
  ])('%s is faulty', async (url, named) => {
    const problem = await problemOf(url, web(documents).contexts);
    expect(problem.type).toBe('BadRequestData');
    expect(problem.message).toContain(named);
  });

  test('what cannot be loaded is not available', async () => {
    expect((await problemOf('https://nowhere.example/')).type).toBe('LdContextNotAvailable');
  });
});

describe('key, echo and url', () => {
  const url = 'https://known.example/';
  const { contexts } = web({}, { [url]: { '@context': { a: 'ex:a' } } });

  test.each<[string, Json, string | undefined]>([
    ['a URL', url, url],
    ['a URL in an array', [url], url],
    ['a URL and the core', [url, coreContextUrl], url],
    ['two URLs', [url, url], undefined],
    ['only the core', [coreContextUrl], coreContextUrl],
    ['an object', { a: 'ex:a' }, undefined],
    ['an object and the core', [{ a: 'ex:a' }, coreContextUrl], undefined],
  ])('%s', async (_name, value, link) => {
    const context = await contexts.resolve(value);
    expect(context.key).toBe(typeof value === 'string' ? value : JSON.stringify(value));
    expect(context.given).toEqual(value);
    expect(context.url).toBe(link);
    expect(await contexts.resolve(structuredClone(value))).toBe(context);
  });
});

describe('what is written as @context names the core last, unless it is in there already', () => {
  const user = 'https://a.example/context';
  const whole = 'https://a.example/whole';
  const imports = 'https://a.example/imports';
  const older = 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.3.jsonld';
  const { contexts } = web(
    {},
    {
      [user]: { '@context': { a: 'ex:a' } },
      [whole]: { '@context': [{ a: 'ex:a' }, older] },
      [imports]: { '@context': { '@import': coreContextUrl, a: 'ex:a' } },
    },
  );
  test.each<[string, Json, Json]>([
    ['a URL', user, [user, coreContextUrl]],
    ['a list', [user, { b: 'ex:b' }], [user, { b: 'ex:b' }, coreContextUrl]],
    ['an object', { a: 'ex:a' }, [{ a: 'ex:a' }, coreContextUrl]],
    ['the core behind', [user, coreContextUrl], [user, coreContextUrl]],
    ['an older core before', [older, user], [older, user]],
    ['a document with an older core in it', whole, whole],
    ['a list of one document with the core in it', [whole], whole],
    ['a document that imports the core', imports, imports],
    ['the core alone in a list', [coreContextUrl], coreContextUrl],
    ['the core of another version alone', older, older],
  ])('%s', async (_name, value, written) => {
    const context = await contexts.resolve(value);
    expect(context.written).toEqual(written);
    expect(JSON.parse(context.writtenText)).toEqual(written);
    expect(context.expand('VocabProperty')).toBe(`${core}VocabProperty`);
  });
});

test('every name of the core context goes there and back', () => {
  for (const name of Object.keys(coreContext).filter((key) => !key.startsWith('@'))) {
    const iri = contexts.core.expand(name);
    expect(iri).toMatch(/^(https?:|@)/);
    expect(contexts.core.expand(contexts.core.compactVocab(iri))).toBe(iri);
  }
});

describe('documents that are held, and forgotten', () => {
  const url = 'https://any.example/held/1';
  const holdings = (owner: string, held: Readonly<Record<string, Json>>) => ({
    owner,
    keyOf: (text: string) => /\/held\/(.*)$/.exec(text)?.[1],
    get: (key: string) => Promise.resolve(held[key]),
  });

  test('what one holds goes before the web, by whatever host, and is nobody else’s', async () => {
    const { contexts, loaded } = web({ [url]: { '@context': { a: 'ex:web' } } });
    const own = holdings('me', { 1: { '@context': { a: 'ex:mine' } } });
    const mine = await contexts.resolve(url, own);
    expect([mine.expand('a'), mine.documents]).toEqual(['ex:mine', ['1']]);
    expect((await contexts.resolve('http://localhost/held/1', own)).expand('a')).toBe('ex:mine');
    expect(loaded).toEqual([]);
    const theirs = await contexts.resolve(url, holdings('you', {}));
    expect([theirs.expand('a'), theirs.documents]).toEqual(['ex:web', [url]]);
    expect(await contexts.resolve(url, own)).toBe(mine);
  });

  test('what was made of a forgotten document is made anew, under another key; the rest stays', async () => {
    const documents: Record<string, Json> = {
      'https://a.example/': { '@context': ['https://b.example/', { own: 'ex:own' }] },
      'https://b.example/': { '@context': { b: 'ex:before' } },
    };
    const { contexts } = web(documents);
    const [before, other] = [await contexts.resolve('https://a.example/'), await contexts.resolve({ c: 'ex:c' })];
    expect(before.documents).toEqual(['https://a.example/', 'https://b.example/']);
    documents['https://b.example/'] = { '@context': { b: 'ex:after' } };
    contexts.forget('https://b.example/');
    const after = await contexts.resolve('https://a.example/');
    expect([before.expand('b'), after.expand('b')]).toEqual(['ex:before', 'ex:after']);
    expect(after.key).not.toBe(before.key);
    expect(await contexts.resolve({ c: 'ex:c' })).toBe(other);
  });

  test('what is forgotten while it is being made is not kept', async () => {
    const slow = Promise.withResolvers<Json>();
    let loads = 0;
    const load = (): Promise<Json> => (++loads === 1 ? slow.promise : Promise.resolve({ '@context': { a: 'ex:new' } }));
    const from = createContexts({ load, known: {} });
    const early = from.resolve('https://slow.example/');
    await Promise.resolve();
    from.forget('https://slow.example/');
    const late = from.resolve('https://slow.example/');
    slow.resolve({ '@context': { a: 'ex:old' } });
    expect((await early).expand('a')).toBe('ex:old');
    expect((await late).expand('a')).toBe('ex:new');
    expect(await from.resolve('https://slow.example/')).toBe(await late);
  });
});

describe('a check of a @context alone', () => {
  test('takes documents as they come, without loading them', async () => {
    const { contexts, loaded } = web();
    await contexts.check(['https://nowhere.example/', { 'pre:a': 'pre:b' }]);
    expect(loaded).toEqual([]);
  });

  test.each<[Json, string]>([
    [42, '42'],
    [true, 'true'],
    [['https://a.example/', 7], '7'],
    ['nowhere', 'nowhere'],
    [{ a: 'nothing' }, 'nothing'],
    [{ a: 7 }, '7'],
  ])('refuses %j', async (value, named) => {
    const problem = await contexts.check(value).catch((error: unknown) => error as Problem);
    expect(problem).toMatchObject({ type: 'BadRequestData', message: expect.stringContaining(named) as unknown });
  });

  test('goes into the documents that are at hand', async () => {
    const url = 'https://a.example/';
    await expect(contexts.check(url, { [url]: { a: 1 } })).rejects.toThrow('holds no @context');
    await expect(contexts.check(url, { [url]: { '@context': { a: 1 } } })).rejects.toThrow('"a"');
  });
});
