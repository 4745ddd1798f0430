/** Tests that every name in an answer expands to the same IRI when it is sent back, and that two IRIs of a @context never share a name. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { QPath, Query } from '../../../src/core/language/filter.ts';
import { parseProjection } from '../../../src/core/language/projection.ts';
import { parseQ } from '../../../src/core/language/q/q.ts';
import { writeQ } from '../../../src/core/language/q/write-q.ts';
import { parseTypeSelection } from '../../../src/core/language/type-selection.ts';
import type { Context } from '../../../src/core/jsonld/context.ts';
import { createContexts } from '../../../src/core/jsonld/resolve.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { isUri } from '../../../src/core/model/read/id.ts';
import { isReserved, readAttributeName, readTypeName } from '../../../src/core/model/read/name.ts';

const contexts = createContexts({ load: () => Promise.reject(new Error('offline')), known: {} });
const vocabulary = 'https://uri.etsi.org/ngsi-ld/default-context/';
const none = { expandValues: [], jsonKeys: [] };

const prefixes = {
  ex: 'https://example.org/',
  my_ctx: 'https://my.example/v#',
  č: 'urn:c:',
  'd-e': 'https://d.example/',
};
const oddTerms = [
  'N-TOT',
  'anionic-surfactants',
  'x.y',
  'x',
  '1a',
  '_a',
  'PM2.5',
  'a,b',
  'a b',
  '$x',
  "it's",
  'k:v',
  'true',
];
const ending = fc.oneof(
  fc.constantFrom(
    'a-b',
    'x.y',
    '_a',
    '1a',
    'a/b',
    'a.b/c.d',
    'š',
    'id',
    'type',
    'observedAt',
    'value',
    'json',
    '@id',
    ':x',
  ),
  fc.constantFrom('a,b', 'a;b', '(x)', "a'b", 'a%2Fb', '', '~a', '*', 'a=b', '!a', '__proto__', 'a#b:c', 'x:y'),
  fc.stringMatching(/^[a-zA-Z0-9._:/#~!*();,=&$+@%-]{0,12}$/),
);
const base = fc.constantFrom(vocabulary, 'https://uri.etsi.org/ngsi-ld/', 'urn:x:', 'foo:', ...Object.values(prefixes));
const iri = fc
  .tuple(base, ending)
  .map((parts) => parts.join(''))
  // Not in paths of q: an IRI that is nothing but an authority may go on behind a dot, one with == in it looks like a query.
  .filter((text) => isUri(text) && !/^[^/#:]+:\/\/[^/#]+$|[=!~]=/.test(text));
const user = fc
  .tuple(
    fc.subarray(Object.entries(prefixes)),
    fc.array(fc.tuple(fc.constantFrom(...oddTerms), iri), { maxLength: 6 }),
    fc.subarray([['when', 'https://uri.etsi.org/ngsi-ld/observedAt']] as [string, string][]),
  )
  .map((parts): JsonObject => Object.fromEntries(parts.flat()));

/** The context of random definitions; undefined when they are faulty. */
const contextOf = (definitions: JsonObject): Promise<Context | undefined> =>
  contexts.resolve(definitions).catch(() => undefined);

const existing = (attr: string, sub: readonly string[], types?: readonly string[]): Query => {
  const path: QPath = { attr, sub, inside: [], text: '' };
  return types === undefined
    ? { op: 'exists', path }
    : { op: 'missing', path: { ...path, linked: { types, path: { attr, sub, inside: [], text: '' } } } };
};
const meaning = (query: Query): unknown =>
  JSON.parse(JSON.stringify(query, (key, value: unknown) => (key === 'text' ? undefined : value)));

const runs = { numRuns: 3000 };

test('a name that is shown is taken back as the same IRI, of types and attributes, in bodies, lists and queries', async () => {
  await fc.assert(
    fc.asyncProperty(user, iri, iri, async (definitions, one, other) => {
      const context = await contextOf(definitions);
      // An IRI that begins as with a prefix of the context cannot be written in it.
      if (!context || [one, other].some((full) => context.expand(full) !== full)) return;
      const name = context.compact(one);
      expect(isReserved(name)).toBe(false);
      expect(readAttributeName(name, context)).toBe(one);
      expect(readTypeName(name, context)).toBe(one);
      if (!/[\s,;|()]/.test(one) && one !== '*')
        expect(parseTypeSelection(name, context)).toEqual({ op: 'type', type: one });
      if (!/[,|{}]/.test(one)) expect(parseProjection({ pick: name }, context).pick).toEqual(new Set([one]));
      for (const query of [
        existing(one, []),
        existing(one, [other]),
        existing(other, ['observedAt']),
        existing(one, [other, one]),
        existing(one, [], []),
        existing(one, [other], [other, one]),
      ])
        expect(meaning(parseQ(writeQ(query, context), context, none))).toEqual(meaning(query));
      if (one !== other) expect(context.compact(other)).not.toBe(name);
    }),
    runs,
  );
});

test('a vocabulary term may be shown by any text that is taken back', async () => {
  await fc.assert(
    fc.asyncProperty(
      user,
      fc.oneof(
        iri,
        fc.string().map((text) => vocabulary + text),
      ),
      async (definitions, full) => {
        const context = await contextOf(definitions);
        if (!context || context.expand(full) !== full) return;
        expect(context.expand(context.compactVocab(full))).toBe(full);
      },
    ),
    runs,
  );
});

describe('names of the core context', () => {
  test.each([
    ['a-b', 'ngsi-ld:default-context/a-b'],
    ['x.y', 'ngsi-ld:default-context/x.y'],
    ['_a', 'ngsi-ld:default-context/_a'],
    ['1a', 'ngsi-ld:default-context/1a'],
    ['a/b', 'ngsi-ld:default-context/a/b'],
    ['__proto__', 'ngsi-ld:default-context/__proto__'],
    ['a_1', 'a_1'],
    ['šola', 'šola'],
    ['constructor', 'constructor'],
  ])('%s of the default vocabulary is shown as %s, and as it is as a vocabulary term', (end, name) => {
    expect(contexts.core.compact(vocabulary + end)).toBe(name);
    expect(contexts.core.compactVocab(vocabulary + end)).toBe(end);
  });

  test('a member of the standard is never shown as the name of an attribute', () => {
    for (const member of ['observedAt', 'hasValue', 'scope'])
      expect(contexts.core.compact(`https://uri.etsi.org/ngsi-ld/${member}`)).toBe(`ngsi-ld:${member}`);
  });
});

describe('terms of a @context', () => {
  const context = contexts.resolve({
    wq: 'https://water.example/',
    my_ctx: 'https://my.example/',
    'N-TOT': 'wq:N-TOT',
    'PM2.5': 'wq:PM2.5',
    PM2: 'wq:PM2',
    '1st': 'wq:first',
    'a,b': 'wq:ab',
  });

  test.each([
    ['N-TOT', 'https://water.example/N-TOT', []],
    ['N-TOT.observedAt', 'https://water.example/N-TOT', ['observedAt']],
    ['PM2.5', 'https://water.example/PM2.5', []],
    ['PM2.unitCode', 'https://water.example/PM2', ['unitCode']],
    ['PM2.5.N-TOT', 'https://water.example/PM2.5', ['https://water.example/N-TOT']],
    ['wq:x.1st', 'https://water.example/x', ['https://water.example/first']],
    ['my_ctx:x', 'https://my.example/x', []],
    ['https://water.example/a.PM2%2E5', 'https://water.example/a', ['https://water.example/PM2.5']],
    ['https://water.example/a%2Eb.c', 'https://water.example/a.b', [`${vocabulary}c`]],
    ['https%3A%2F%2Fwater.example%2Fa.b', 'https://water.example/a', [`${vocabulary}b`]],
  ])('%s in q', async (text, attr, sub) => {
    expect(parseQ(`${text}>2`, await context, none)).toMatchObject({ path: { attr, sub } });
  });

  test('are taken in bodies and lists', async () => {
    for (const name of ['N-TOT', 'PM2.5', '1st', 'my_ctx:x']) {
      expect(readTypeName(name, await context)).toBe((await context).expand(name));
      expect(parseProjection({ attrs: `${name},x` }, await context).attrs).toContain((await context).expand(name));
    }
  });

  test('that no list could hold, or that nobody defines, are refused', async () => {
    for (const name of ['a,b', 'P-TOT', 'a b', '-', 'their_ctx:x', '@id', ''])
      await expect((async () => readAttributeName(name, await context))()).rejects.toThrow('The name of an attribute');
    expect((await context).compact('https://water.example/ab')).toBe('wq:ab');
  });
});
