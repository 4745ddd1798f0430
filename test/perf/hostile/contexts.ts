/** Defines @contexts that are made to be expensive. */
import { each, type HostileInput, type HostileRequest, id, post } from './input.ts';

const inContext = (context: string): HostileRequest =>
  post('/entities', `{"@context":${context},"id":"${id}","type":"X","a":1}`, 'application/ld+json');

export const contexts: readonly HostileInput[] = [
  {
    what: '@context of many terms',
    size: 49_000,
    request: (n) => inContext(`{${each(n, (one) => `"t${one}":"urn:t:${one}"`)}}`),
  },
  {
    what: '@context of many terms, kept',
    size: 49_000,
    request: (n) => post('/jsonldContexts', `{"@context":{${each(n, (one) => `"t${one}":"urn:t:${one}"`)}}}`),
  },
  {
    what: '@context of prefixes of one IRI',
    size: 20_000,
    request: (n) =>
      post(
        '/entities',
        `{"@context":{${each(n, (one) => `"t${one}":"urn:t:${'x'.repeat(one % 100)}/"`)}},"id":"${id}","type":"X",${each(5000, (one) => `"urn:t:${'x'.repeat(one % 100)}/${one}":1`)}}`,
        'application/ld+json',
      ),
  },
  {
    what: '@context of a chain',
    size: 99,
    request: (n) => inContext(`{"t0":"urn:t:",${each(n - 1, (one) => `"t${one + 1}":"t${one}:x"`)}}`),
  },
  {
    what: '@context of growing prefixes',
    size: 24,
    request: (n) =>
      inContext(
        `{"t0":"urn:t:${'x'.repeat(10_000)}/",${each(n, (one) => `"t${one + 1}":"t${one}:${'y'.repeat(10_000)}/"`)}}`,
      ),
  },
  {
    what: '@context of many references',
    size: 100,
    request: (n) => inContext(`[${each(n, (one) => `"http://127.0.0.1:9/${one}"`)}]`),
  },
  {
    what: '@context of many parts',
    size: 1000,
    request: (n) => inContext(`[${each(n, (one) => `{"t${one}":"urn:t:${one}"}`)}]`),
  },
  { what: '@context of many nulls', size: 1000, request: (n) => inContext(`[${each(n, () => 'null')}]`) },
  {
    what: '@contexts of a batch',
    size: 1000,
    isLargest: true,
    request: (n) =>
      post(
        '/entityOperations/upsert',
        `[${each(n, (one) => `{"@context":{${each(100, (term) => `"t${term}":"urn:t${one}:${term}"`)}},"id":"urn:e:${one}","type":"X","a":1}`)}]`,
        'application/ld+json',
      ),
  },
];
