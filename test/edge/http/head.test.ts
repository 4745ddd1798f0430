/** Tests the readers of the request head: Accept, Link, tenant, target, routes. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { operations } from '../../../src/core/operation/table.ts';
import { negotiate } from '../../../src/edge/http/accept.ts';
import { readContextLink } from '../../../src/core/jsonld/link.ts';
import { contextLink, headerUrl } from '../../../src/edge/http/link.ts';
import { createRoutes, describePath, findRoute } from '../../../src/edge/http/routes.ts';
import { readParameters, readTarget } from '../../../src/edge/http/target.ts';

const three = ['json', 'ld+json', 'geo+json'] as const;

describe('Accept', () => {
  test.each([
    [undefined, 'json'],
    ['*/*', 'json'],
    ['application/*', 'json'],
    ['application/ld+json', 'ld+json'],
    ['application/LD+JSON; profile="x"', 'ld+json'],
    ['application/json, application/ld+json', 'json'],
    ['application/ld+json, application/json', 'json'],
    ['application/json;q=0.5, application/ld+json;q=0.9', 'ld+json'],
    ['application/json;q=0.2, */*;q=0.1', 'json'],
    ['application/json;q=0, */*', 'ld+json'],
    ['application/json; q=0.4, application/*;q=0.3, application/geo+json', 'geo+json'],
    ['text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8', 'json'],
    ['text/html,application/json', 'json'],
  ])('%s gives %s', (accept, media) => expect(negotiate(accept, three)).toBe(media));

  test.each(['image/png', 'application/json;q=0', '*/*;q=0', '', 'json'])(
    '%s gives 406 with what there is',
    (accept) => {
      expect(() => negotiate(accept, ['json', 'ld+json'])).toThrow('application/json, application/ld+json');
    },
  );
});

describe('Link', () => {
  const relation = 'http://www.w3.org/ns/json-ld#context';
  test.each([
    [contextLink('https://example.org/c.jsonld'), 'https://example.org/c.jsonld'],
    [`<https://example.org/a,b;c.jsonld>;rel="${relation}"`, 'https://example.org/a,b;c.jsonld'],
    [`<https://example.org/c>; rel=${relation}`, 'https://example.org/c'],
    [
      `<https://example.org/c>; title="a, \\"b\\"; c"; REL="next ${relation}" ; type="application/ld+json"`,
      'https://example.org/c',
    ],
    [`<https://example.org/p>; rel="profile", <https://example.org/c>; rel="${relation}"`, 'https://example.org/c'],
    ['<https://example.org/p>; rel="next"', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s', (header, url) => expect(readContextLink(header)).toBe(url));

  test.each([
    `nonsense; rel="${relation}"`,
    `<https://example.org/c; rel="${relation}"`,
    `<https://example.org/c> rel="${relation}"`,
    `<https://example.org/c>; rel="${relation}`,
    `<https://example.org/a>; rel="${relation}", <https://example.org/b>; rel="${relation}"`,
  ])('%s is refused', (header) => expect(() => readContextLink(header)).toThrow(/Link header/));

  test('is read in time that grows with its length only', () => {
    const header = `<a>${';a="'.repeat(8001)}`;
    expect(() => readContextLink(header)).toThrow(/Link header/);
    expect(() => readContextLink(`<a>${'; a '.repeat(8000)}!`)).toThrow(/Link header/);
  });

  test('a URL that goes into a header cannot end it, nor another', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => expect(headerUrl(text)).toMatch(/^[\x21-\x7e]*$/)));
    expect(headerUrl('https://example.org/ž>\r\nX: "1"')).toBe('https://example.org/%C5%BE%3E%0D%0AX:%20%221%22');
    expect(headerUrl('\ud800')).toBe('%EF%BF%BD');
  });
});

describe('the target', () => {
  test.each([
    ['/a/b?c=d?e', { path: '/a/b', query: 'c=d?e' }],
    ['/a', { path: '/a', query: '' }],
    ['http://example.org:80/a?b=c', { path: '/a', query: 'b=c' }],
    ['http://example.org', { path: '', query: '' }],
    ['/a?b=c#d?e', { path: '/a', query: 'b=c' }],
    ['*', { path: '*', query: '' }],
  ])('%s', (url, target) => expect(readTarget(url)).toEqual(target));

  test('holds parameters, which come back as they were encoded', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: 'grapheme' })), (params) => {
        const names = Object.keys(params).filter((name) => name !== '__proto__');
        const query = names
          .map((name) => `${encodeURIComponent(name)}=${encodeURIComponent(params[name] ?? '')}`)
          .join('&');
        expect(readParameters(query, names)).toEqual(Object.fromEntries(names.map((name) => [name, params[name]])));
        expect(
          readParameters(
            new URLSearchParams(names.map((name): [string, string] => [name, params[name] ?? ''])).toString(),
            names,
          ),
        ).toEqual(readParameters(query, names));
      }),
    );
  });

  test.each([
    ['q=%zz', /%zz/],
    ['q=%C5', /%C5/],
    ['%zz=1', /%zz/],
    ['q=1&q=1', /q is given twice/],
    ['colour=red', /"colour".*q, type/],
    ['__proto__=1', /"__proto__"/],
    ['constructor', /"constructor"/],
    ['=1', /""/],
  ])('with %s is refused', (query, detail) => expect(() => readParameters(query, ['q', 'type'])).toThrow(detail));
});

describe('routes', () => {
  const routes = createRoutes(operations);

  test('lead every operation of the table to itself', () => {
    for (const operation of operations) {
      const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(`urn:x/${name}?ž`));
      const parts = [...operation.path.matchAll(/\{(\w+)\}/g)].map(
        (match) => [match[1], `urn:x/${match[1] ?? ''}?ž`] as const,
      );
      const named = Object.fromEntries(parts) as Record<string, string>;
      expect(findRoute(routes, operation.method, path)).toEqual({ operation, path: named });
      if (parts.length === 0) expect(findRoute(routes, operation.method, `${path}/`).operation).toBe(operation);
    }
  });

  test.each(['', '/', '/lamps', '/entities/a/b', '/entities/a/attrs/b/c', '/types/a/b', '//entities', '/Entities'])(
    '%s leads nowhere',
    (path) => {
      expect(() => findRoute(routes, 'GET', path)).toThrow(/nothing at/);
    },
  );

  test('tell what a path has', () => {
    expect(describePath(routes, '/entities/a/attrs/b')).toEqual({
      Allow: 'GET, PATCH, PUT, DELETE, HEAD, OPTIONS',
      'Accept-Patch': 'application/json, application/ld+json, application/merge-patch+json',
    });
    expect(describePath(routes, '/types')['Allow']).toBe('GET, HEAD, OPTIONS');
  });

  test.each([
    ['PATCH', '/entities/', 400],
    ['PUT', '/entities/', 400],
    ['GET', '/entities//', 400],
    ['DELETE', '/entities//attrs/speed', 400],
    ['DELETE', '/entities/a/attrs/', 405],
    ['DELETE', '/entities/a/attrs//', 405],
    ['PATCH', '/temporal/entities/', 405],
    ['TRACE', '/entities', 405],
  ])('%s %s has an empty part or no such method: %i', (method, path, status) => {
    const expected = status === 400 ? { type: 'BadRequestData' } : { status };
    expect(() => findRoute(routes, method, path)).toThrow(expect.objectContaining(expected));
  });
});
