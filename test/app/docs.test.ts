/**
 * Tests the documents at `/docs`: which files are served, with which headers, and that a document cannot inject HTML or scripts into its
 * page.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { renderDocument } from '../../src/app/docs/render.ts';
import { startTestBroker, type TestBroker } from '../scenario/scenario.ts';

let broker: TestBroker;
beforeAll(async () => {
  broker = await startTestBroker();
});
afterAll(() => broker.stop());

describe('the documents', () => {
  test.each(['/docs', '/docs/', '/docs/contexts', '/docs/src/README'])(
    '%s is a page that loads from here alone',
    async (path) => {
      const answer = await fetch(broker.url + path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'");
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      const page = await answer.text();
      expect(page).not.toMatch(/<script|style=|\{\{/);
      const loaded = [...page.matchAll(/(?:src|<link[^>]* href)="([^"]*)"/g)].map(([, url = '']) => url);
      expect(loaded.filter((url) => !/^(\/[^/]|data:)/.test(url))).toEqual([]);
    },
  );

  test('a page has the navigation by reader, and marks where the reader is', async () => {
    const page = await (await fetch(`${broker.url}/docs/contexts`)).text();
    const navigation = /<nav[^]*<\/nav>/.exec(page)?.[0] ?? '';
    expect([...navigation.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, person]) => person)).toEqual([
      'Integrator',
      'App developer',
      'Analyst',
      'Data officer',
      'Operator',
    ]);
    expect(navigation).toContain('<a href="/docs/contexts" aria-current="page">Contexts</a>');
    expect(navigation).toContain('<a href="/docs/glossary">Glossary</a>');
  });

  test('a file that is no Markdown is served as text, and never as a page', async () => {
    const answer = await fetch(`${broker.url}/docs/examples/live.html`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  });

  test('HEAD answers the headers of GET without the page', async () => {
    const [head, get] = [
      await fetch(`${broker.url}/docs/history`, { method: 'HEAD' }),
      await fetch(`${broker.url}/docs/history`),
    ];
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
    expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
  });

  test.each(['/docs/nothing', '/docs/package.json', '/docs/%2e%2e/package.json', '/docs/..%2fpackage.json'])(
    'there is nothing at %s',
    async (path) => expect((await fetch(broker.url + path)).status).toBe(404),
  );

  test('a write is refused', async () => {
    expect((await fetch(`${broker.url}/docs`, { method: 'POST' })).status).toBe(405);
  });
});

describe('rendering', () => {
  const first = {
    file: 'README.md',
    text: '# A\n\n## Where to go from here\n\n### Reader\n\n1. [One <b>](docs/one.md): why\n',
  };
  const page = (text: string): string =>
    renderDocument(
      { file: 'docs/two.md', text },
      {
        first,
        template: '{{title}}|{{navigation}}|{{text}}',
        linkTo: (file) => (file === 'docs/one.md' ? '/docs/one' : undefined),
      },
    );

  test('shows HTML as text', () => {
    const rendered = page('# <i>T</i>\n\n<script>alert(1)</script>\n\nand <img src=x onerror=alert(1)> inside\n');
    expect(rendered).not.toMatch(/<(script|img|i)\b/);
    expect(rendered).toContain('&lt;script&gt;');
  });

  test('makes no link of a scheme that runs something', () => {
    expect(page('[a](javascript:alert) [b](data:text/html,x) [c](vbscript:x)')).not.toContain('<a href="javascript');
    expect(page('[a](javascript:alert) [b](data:text/html,x) [c](vbscript:x)').match(/<a /g)).toHaveLength(1);
  });

  test('points links to where files are served, and keeps the text of a link to a file that is not', () => {
    const rendered = page('[one](one.md#part) [gone](gone.md) [out](https://example.org/) [here](#part)');
    expect(rendered).toContain('<a href="/docs/one#part">one</a>');
    expect(rendered).toContain('<span>gone</span>');
    expect(rendered).toContain('<a href="https://example.org/">out</a>');
    expect(rendered).toContain('<a href="#part">here</a>');
  });

  test('names headings as GitHub does, each by a name of its own', () => {
    const rendered = page('# `a` & B: 206\n\n## Again\n\n## Again\n');
    expect([...rendered.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)).toEqual(['a--b-206', 'again', 'again-1']);
  });

  test('aligns a column without a style, which the policy of pages would refuse', () => {
    const rendered = page('| a | b |\n|---|--:|\n| 1 | 2 |\n');
    expect(rendered).not.toContain('style=');
    expect(rendered).toContain('<td class="number">2</td>');
  });
});
