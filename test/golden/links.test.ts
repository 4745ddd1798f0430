/** Tests links in documents: each leads to an existing file and heading, in the repository and as served by the broker. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestBroker, type TestBroker } from '../scenario/scenario.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const docs = readdirSync(`${root}docs`).map((name) => `docs/${name}`);
const documents = ['README.md', 'CONTRIBUTING.md', 'src/README.md', 'smart-data-models/README.md', ...docs];
const textOf = (file: string): string => readFileSync(root + file, 'utf8');

/** The text without code, in which brackets are no links and `#` begins no heading. */
const proseOf = (file: string): string =>
  textOf(file)
    .replaceAll(/^```[^]*?^```/gm, '')
    .replaceAll(/^ {4}.*$/gm, '')
    .replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()]/g, ''));

const relativeLinksIn = (file: string): readonly string[] =>
  [...proseOf(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, href = '']) => href).filter((href) => !/^https?:/.test(href));

/** The names by which links reach the headings of a document. */
const headingsIn = (file: string): readonly string[] =>
  [...proseOf(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

function isThere(file: string, href: string): boolean {
  const [target = '', fragment] = href.split('#');
  const path = target === '' ? file : posix.join(posix.dirname(file), target);
  return existsSync(root + path) && (fragment === undefined || headingsIn(path).includes(fragment));
}

describe('in the repository', () => {
  test.each(documents)('every link of %s leads somewhere', (file) => {
    expect(relativeLinksIn(file).filter((href) => !isThere(file, href))).toEqual([]);
  });

  test('README leads to every document in docs', () => {
    const linked = relativeLinksIn('README.md').map((href) => href.replace(/#.*/, ''));
    expect(docs.filter((file) => !linked.includes(file))).toEqual([]);
  });

  test('each of the five paths of README has three to six links', () => {
    const paths = textOf('README.md').split('\n### ').slice(1);
    const counts = paths.map((path) => [path.split('\n')[0], path.match(/^\d\. \[/gm)?.length ?? 0] as const);
    expect(counts.map(([name]) => name)).toEqual([
      'Integrator',
      'App developer',
      'Analyst',
      'Data officer',
      'Operator',
    ]);
    expect(counts.filter(([, count]) => count < 3 || count > 6)).toEqual([]);
  });
});

describe('as served', () => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await startTestBroker();
  });
  afterAll(() => broker.stop());

  const hrefsIn = (page: string): readonly string[] =>
    [...page.matchAll(/<a href="([^"]*)"/g)].map(([, href = '']) => href).filter((href) => !/^https?:/.test(href));

  test('every link of every page from /docs on leads to a page and a heading that are there', async () => {
    const pages = new Map<string, string>();
    const waiting = ['/docs'];
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      const answer = await fetch(broker.url + path);
      expect([path, answer.status]).toEqual([path, 200]);
      const text = await answer.text();
      pages.set(path, text);
      if (!/^\/docs(\/|$)/.test(path) || !text.startsWith('<!doctype')) continue;
      const found = hrefsIn(text).map((href) => href.replace(/#.*/, ''));
      for (const next of new Set(found)) if (next !== '' && !pages.has(next)) waiting.push(next);
    }
    const broken = [...pages].flatMap(([path, text]) =>
      hrefsIn(path.startsWith('/docs') ? text : '')
        .map((href) => [href.split('#')[0] || path, href.split('#')[1]] as const)
        .filter(([to, name]) => name !== undefined && !(pages.get(to) ?? '').includes(` id="${name}"`)),
    );
    expect(broken).toEqual([]);
    const expected = docs.map((file) => `/${file.replace(/\.md$/, '')}`);
    expect([...pages.keys()]).toEqual(expect.arrayContaining(['/docs', '/openapi.yaml', ...expected]));
  });

  test.each(documents)('every relative link of %s is still a link', async (file) => {
    const name = file.replace(/^docs\//, '').replace(/\.md$/, '');
    const answer = await fetch(`${broker.url}/docs${file === 'README.md' ? '' : `/${name}`}`);
    const [, article = ''] = /<article>([^]*)<\/article>/.exec(await answer.text()) ?? [];
    expect(hrefsIn(article).length).toBe(relativeLinksIn(file).length);
  });
});
