/** Defines request heads that are made to be expensive. */
import { each, get, type HostileInput } from './input.ts';

const header = (what: string, name: string, value: (n: number) => string): HostileInput => ({
  what,
  size: 28_000,
  isLargest: true,
  request: (n) => get('/entities?type=X', { [name]: value(n) }),
});

const target = (what: string, path: (n: number) => string): HostileInput => ({
  what,
  size: 28_000,
  isLargest: true,
  request: (n) => get(path(n)),
});

export const heads: readonly HostileInput[] = [
  header('Link of blanks', 'Link', (n) => `<x>;a=${' '.repeat(n)}<`),
  header('Link of many links', 'Link', (n) => each(n / 10, () => '<x>;rel=a')),
  header('Link of quotes', 'Link', (n) => `<x>;a="${'\\"'.repeat(n / 2)}`),
  header('Accept of many ranges', 'Accept', (n) => each(n / 8, () => 'a/b;q=1')),
  header('Accept of blanks', 'Accept', (n) => `a/b${' '.repeat(n)};q=1`),
  header('Prefer of many', 'Prefer', (n) => each(n / 4, (one) => `a=${one % 10}`)),
  header('Prefer of quotes', 'Prefer', (n) => `a=${'"'.repeat(n)}`),
  header('service paths', 'Fiware-ServicePath', (n) => each(n / 4, () => '/a/')),
  header('Host of many letters', 'X-Forwarded-Host', (n) => 'a.'.repeat(n / 2)),
  target('path of slashes', (n) => '/'.repeat(n)),
  target('path of encoded slashes', (n) => `/entities/${'%2F'.repeat(n / 3)}`),
  target('path of dots', (n) => `/entities/${'../'.repeat(n / 3)}`),
  target('query of ampersands', (n) => `/entities?type=X${'&'.repeat(n)}`),
  target('query encoded twice', (n) => `/entities?type=X&q=a=="${'%2541'.repeat(n / 5)}"`),
  target('q by GET', (n) => `/entities?type=X&q=${'('.repeat(n / 2)}`),
  target('ids by GET', (n) => `/entities?id=${each(n / 10, (one) => `urn:e:${one % 1000}`)}`),
];
