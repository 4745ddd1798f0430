/** Tests the document loader: caching in memory and on disk, reloads, redirects, limits, failures, and private addresses. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Problem } from '../../../src/core/model/problem.ts';
import type { Observation } from '../../../src/core/port/observe.ts';
import {
  createDocumentLoader,
  type DocumentLoader,
  type DocumentLoaderOptions,
  readPreloadIndex,
} from '../../../src/edge/document/loader.ts';

type Reply = (response: ServerResponse, headers: Readonly<Record<string, unknown>>) => void;

const document = { '@context': { a: 'https://example.org/a' } };

let folder: string;
let server: Server;
let base: string;
/** What the server answers by path, and which paths were asked. */
let replies: Record<string, Reply>;
let asked: string[];
let observed: Observation[];
let loaders: DocumentLoader[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'documents-'));
  [replies, asked, observed, loaders] = [{}, [], [], []];
  server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const reply = replies[path];
    if (reply === undefined) response.writeHead(404).end();
    else reply(response, request.headers);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const loader of loaders) loader.close();
  await stopServer();
  await rm(folder, { recursive: true });
});

const stopServer = (): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

function loaderWith(options: Partial<DocumentLoaderOptions> = {}): DocumentLoader {
  const loader = createDocumentLoader({
    preload: {},
    allowPrivate: true,
    observe: (observation) => observed.push(observation),
    ...options,
  });
  loaders.push(loader);
  return loader;
}

const json =
  (value: unknown): Reply =>
  (response) =>
    response.writeHead(200, { 'content-type': 'application/ld+json' }).end(JSON.stringify(value));

const redirect =
  (location: string, status = 302): Reply =>
  (response) =>
    response.writeHead(status, { location }).end();

const problemOf = (loading: Promise<unknown>): Promise<Problem> =>
  loading.then(
    () => Promise.reject(new Error('the document was loaded')),
    (problem: unknown) => problem as Problem,
  );

describe('what is loaded', () => {
  test('is asked for as JSON-LD, once, and observed', async () => {
    let accept: unknown;
    replies['/a'] = (response, headers) => {
      accept = headers['accept'];
      json(document)(response, headers);
    };
    const loader = loaderWith();
    expect(await loader.load(`${base}/a`)).toEqual(document);
    expect(await loader.load(`${base}/a`)).toEqual(document);
    expect(asked).toEqual(['/a']);
    expect(accept).toBe('application/ld+json, application/json');
    expect(observed).toMatchObject([{ kind: 'contextLoaded', url: `${base}/a` }]);
  });

  test('stays in memory within its bytes', async () => {
    const large = { '@context': { a: `https://example.org/${'a'.repeat(2000)}` } };
    for (const path of ['/1', '/2', '/3']) replies[path] = json(large);
    const held: number[] = [];
    const loader = loaderWith({ cache: { bytesMax: 10_000, onBytes: (bytes) => held.push(bytes) } });
    for (const path of ['/1', '/2', '/3', '/3', '/1']) await loader.load(`${base}${path}`);
    expect(asked).toEqual(['/1', '/2', '/3', '/1']);
    expect(Math.max(...held)).toBeLessThanOrEqual(10_000);
    await loader.forget(`${base}/1`);
    expect(held.at(-1)).toBeLessThan(5000);
  });

  test('may begin with a byte order mark', async () => {
    replies['/bom'] = (response) => response.end(`\uFEFF${JSON.stringify(document)}`);
    expect(await loaderWith().load(`${base}/bom`)).toEqual(document);
  });

  test('is fetched once for all who ask at the same time', async () => {
    let release = (): void => undefined;
    const arrived = new Promise<void>((resolve) => {
      replies['/a'] = (response, headers) => {
        release = () => json(document)(response, headers);
        resolve();
      };
    });
    const loader = loaderWith();
    const loading = [loader.load(`${base}/a`), loader.load(`${base}/a`), loader.load(`${base}/a`)];
    await arrived;
    release();
    expect(await Promise.all(loading)).toEqual([document, document, document]);
    expect(asked).toEqual(['/a']);
  });

  test('is kept on disk, for a broker that starts again without the server', async () => {
    replies['/a'] = json(document);
    const directory = join(folder, 'made', 'by need');
    expect(await loaderWith({ directory }).load(`${base}/a`)).toEqual(document);
    await stopServer();
    expect(await loaderWith({ directory }).load(`${base}/a`)).toEqual(document);
    const files = await readdir(directory);
    expect(files).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.json$/)]);
    const kept: unknown = JSON.parse(await readFile(join(directory, files[0] ?? ''), 'utf8'));
    expect(kept).toEqual({ url: `${base}/a`, fetchedAt: expect.stringMatching(/^\d{4}-.*Z$/), document });
  });

  test('is fetched again when the disk holds rubbish', async () => {
    replies['/a'] = json(document);
    await loaderWith({ directory: folder }).load(`${base}/a`);
    const [file = ''] = await readdir(folder);
    for (const rubbish of ['{"url":', JSON.stringify({ url: `${base}/other`, document: 5 })]) {
      await writeFile(join(folder, file), rubbish);
      expect(await loaderWith({ directory: folder }).load(`${base}/a`)).toEqual(document);
    }
    expect(asked).toEqual(['/a', '/a', '/a']);
  });

  test('is loaded even if it cannot be kept', async () => {
    replies['/a'] = json(document);
    const directory = join(folder, 'file');
    await writeFile(directory, '');
    expect(await loaderWith({ directory }).load(`${base}/a`)).toEqual(document);
    expect(observed).toContainEqual(expect.objectContaining({ kind: 'failed' }));
  });
});

describe('what is forgotten', () => {
  const later = { '@context': { a: 'https://example.org/later' } };

  test('is fetched again, in memory and on disk', async () => {
    replies['/a'] = json(document);
    const loader = loaderWith({ directory: join(folder, 'kept') });
    await loader.load(`${base}/a`);
    replies['/a'] = json(later);
    await loader.forget(`${base}/a`);
    expect(await loader.load(`${base}/a`)).toEqual(later);
    expect(await loaderWith({ directory: join(folder, 'kept') }).load(`${base}/a`)).toEqual(later);
    expect(asked).toEqual(['/a', '/a']);
  });

  test('is tried again after a failure', async () => {
    const loader = loaderWith();
    await problemOf(loader.load(`${base}/a`));
    replies['/a'] = json(document);
    await loader.forget(`${base}/a`);
    expect(await loader.load(`${base}/a`)).toEqual(document);
  });

  test('while it is on its way is not kept', async () => {
    const held = Promise.withResolvers<ServerResponse>();
    replies['/a'] = (response) => held.resolve(response);
    const loader = loaderWith();
    const early = loader.load(`${base}/a`);
    const response = await held.promise;
    await loader.forget(`${base}/a`);
    json(document)(response, {});
    expect(await early).toEqual(document);
    replies['/a'] = json(later);
    expect(await loader.load(`${base}/a`)).toEqual(later);
  });
});

describe('what is loaded anew', () => {
  const later = { '@context': { a: 'https://example.org/later' } };
  const accept = (): Promise<void> => Promise.resolve();

  test('takes the place of what was there, in memory and on disk', async () => {
    replies['/a'] = json(document);
    const directory = join(folder, 'kept');
    const loader = loaderWith({ directory });
    await loader.load(`${base}/a`);
    replies['/a'] = json(later);
    await loader.reload(`${base}/a`, accept);
    await stopServer();
    expect(await loader.load(`${base}/a`)).toEqual(later);
    expect(await loaderWith({ directory }).load(`${base}/a`)).toEqual(later);
  });

  test('leaves what was there when there is nothing to be had, or nothing of use', async () => {
    replies['/a'] = json(document);
    const directory = join(folder, 'kept');
    const loader = loaderWith({ directory });
    await loader.load(`${base}/a`);
    const url = `${base}/a`;
    delete replies['/a'];
    expect((await problemOf(loader.reload(url, accept))).type).toBe('LdContextNotAvailable');
    replies['/a'] = (response) => response.end('no');
    expect((await problemOf(loader.reload(url, accept))).type).toBe('BadRequestData');
    replies['/a'] = json(later);
    const refuse = (given: unknown): Promise<void> => Promise.reject(new Error(JSON.stringify(given)));
    expect((await problemOf(loader.reload(url, refuse))).message).toContain(JSON.stringify(later));
    expect(await loader.load(url)).toEqual(document);
    expect(await loaderWith({ directory }).load(url)).toEqual(document);
  });

  test('is read again from the file that stands for it', async () => {
    const url = 'https://example.org/context.jsonld';
    const path = join(folder, 'context.json');
    await writeFile(path, JSON.stringify(document));
    const loader = loaderWith({ preload: { [url]: path } });
    await loader.load(url);
    await writeFile(path, JSON.stringify(later));
    expect(await loader.load(url)).toEqual(document);
    await loader.reload(url, accept);
    expect(await loader.load(url)).toEqual(later);
  });
});

describe('redirects', () => {
  test.each([301, 302, 303, 307, 308])('%d is followed, also to a relative URL', async (status) => {
    replies['/start'] = redirect('middle', status);
    replies['/middle'] = redirect(`${base}/end`, status);
    replies['/end'] = json(document);
    expect(await loaderWith().load(`${base}/start`)).toEqual(document);
    expect(asked).toEqual(['/start', '/middle', '/end']);
  });

  test('are followed as often as allowed', async () => {
    replies['/2'] = redirect('/1');
    replies['/1'] = redirect('/0');
    replies['/0'] = json(document);
    expect(await loaderWith({ redirectsMax: 2 }).load(`${base}/2`)).toEqual(document);
    const problem = await problemOf(loaderWith({ redirectsMax: 1 }).load(`${base}/2`));
    expect(problem.type).toBe('LdContextNotAvailable');
    expect(problem.message).toContain('redirects');
  });

  test.each(['file:///etc/passwd', 'ftp://example.org/', 'http://'])('to %s are not followed', async (location) => {
    replies['/a'] = redirect(location);
    expect((await problemOf(loaderWith().load(`${base}/a`))).type).toBe('LdContextNotAvailable');
  });

  test('without a Location lead nowhere', async () => {
    replies['/a'] = (response) => response.writeHead(302).end();
    expect((await problemOf(loaderWith().load(`${base}/a`))).message).toContain('Location');
  });
});

describe('limits', () => {
  test('of size hold while the body streams in', async () => {
    replies['/endless'] = (response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(1000)));
      };
      response.on('drain', more);
      more();
    };
    const problem = await problemOf(loaderWith({ bytesMax: 10_000 }).load(`${base}/endless`));
    expect(problem.type).toBe('LdContextNotAvailable');
    expect(problem.message).toContain('10000 bytes');
  });

  test('of size let through what just fits', async () => {
    replies['/a'] = json(document);
    const bytes = JSON.stringify(document).length;
    expect(await loaderWith({ bytesMax: bytes }).load(`${base}/a`)).toEqual(document);
    expect((await problemOf(loaderWith({ bytesMax: bytes - 1 }).load(`${base}/a`))).message).toContain('bytes');
  });

  test.each<[string, Reply]>([
    ['silent', () => undefined],
    ['stuck in its body', (response) => response.write('{')],
    [
      'dripping',
      (response) => {
        const drip = setInterval(() => response.write(' '), 5);
        response.on('close', () => clearInterval(drip));
      },
    ],
    ['redirecting for ever', (response) => setTimeout(() => redirect('/slow')(response, {}), 20)],
  ])('of time hold for a server that is %s', async (_name, reply) => {
    replies['/slow'] = reply;
    const problem = await problemOf(loaderWith({ timeoutMs: 100, redirectsMax: 1000 }).load(`${base}/slow`));
    expect(problem.type).toBe('LdContextNotAvailable');
    expect(problem.message).toContain('100 ms');
  });

  test('of nesting hold', async () => {
    replies['/deep'] = (response) => response.end(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    const problem = await problemOf(loaderWith().load(`${base}/deep`));
    expect(problem.type).toBe('BadRequestData');
    expect(problem.message).toContain('deep');
  });
});

describe('failures', () => {
  test('are remembered and answered at once', async () => {
    const loader = loaderWith();
    const first = await problemOf(loader.load(`${base}/none`));
    const second = await problemOf(loader.load(`${base}/none`));
    expect(first.type).toBe('LdContextNotAvailable');
    expect(first.message).toContain('404');
    expect(second.report).toEqual(first.report);
    expect(asked).toEqual(['/none']);
    expect(observed).toMatchObject([{ kind: 'contextFailed', url: `${base}/none` }]);
  });

  test('are forgotten after their time', async () => {
    const loader = loaderWith({ failureTtlMs: 0 });
    await problemOf(loader.load(`${base}/late`));
    replies['/late'] = json(document);
    expect(await loader.load(`${base}/late`)).toEqual(document);
  });

  test('of syntax are the fault of the data, and are remembered too', async () => {
    replies['/html'] = (response) => response.end('<html>');
    const loader = loaderWith();
    for (let time = 0; time < 2; time += 1)
      expect((await problemOf(loader.load(`${base}/html`))).type).toBe('BadRequestData');
    expect(asked).toEqual(['/html']);
  });

  test.each([500, 304, 401])('of status %d', async (status) => {
    replies['/a'] = (response) => response.writeHead(status).end();
    expect((await problemOf(loaderWith().load(`${base}/a`))).message).toContain(String(status));
  });

  test('of connections that are refused or broken off', async () => {
    replies['/broken'] = (response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{', () => response.destroy());
    };
    expect((await problemOf(loaderWith().load(`${base}/broken`))).type).toBe('LdContextNotAvailable');
    await stopServer();
    const problem = await problemOf(loaderWith().load(`${base}/a`));
    expect(problem.type).toBe('LdContextNotAvailable');
    expect(problem.message).toContain('ECONNREFUSED');
  });

  test('of URLs that are none, or of another kind', async () => {
    for (const url of ['nothing', 'file:///etc/passwd', 'urn:a:b']) {
      expect((await problemOf(loaderWith().load(url))).type).toBe('LdContextNotAvailable');
    }
  });

  test('when the loader is closed, for those who wait and those who come later', async () => {
    const loader = loaderWith();
    const arrived = new Promise<void>((resolve) => {
      replies['/a'] = () => resolve();
    });
    const waiting = problemOf(loader.load(`${base}/a`));
    await arrived;
    loader.close();
    expect((await waiting).message).toContain('stops');
    expect((await problemOf(loader.load(`${base}/b`))).message).toContain('stops');
    expect(asked).toEqual(['/a']);
  });
});

describe('private addresses', () => {
  const hosts = [
    '127.0.0.1',
    'localhost',
    '127.1',
    '0x7f000001',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
    '10.0.0.1',
    '169.254.169.254',
  ];

  test.each(hosts)('%s is not asked', async (host) => {
    const url = `${base.replace('127.0.0.1', host)}/a`;
    replies['/a'] = json(document);
    const problem = await problemOf(loaderWith({ allowPrivate: false }).load(url));
    expect(problem.type).toBe('LdContextNotAvailable');
    expect(problem.message).toContain('public address');
    expect(asked).toEqual([]);
  });

  test('are asked when they may be, by name and by number', async () => {
    replies['/a'] = json(document);
    for (const host of ['127.0.0.1', 'localhost']) {
      expect(await loaderWith().load(`${base.replace('127.0.0.1', host)}/a`)).toEqual(document);
    }
  });
});

describe('preloaded documents', () => {
  test('are read from their files and never fetched', async () => {
    const url = 'https://example.org/context.jsonld';
    await writeFile(join(folder, 'context.json'), JSON.stringify(document));
    await writeFile(join(folder, 'index.json'), JSON.stringify({ [url]: 'context.json' }));
    const preload = readPreloadIndex(join(folder, 'index.json'));
    expect(preload).toEqual({ [url]: join(folder, 'context.json') });
    expect(await loaderWith({ preload, allowPrivate: false }).load(url)).toEqual(document);
  });

  test('whose file is missing are not available, and the client does not learn the path', async () => {
    const url = 'https://example.org/context.jsonld';
    const problem = await problemOf(loaderWith({ preload: { [url]: join(folder, 'missing.json') } }).load(url));
    expect(problem.type).toBe('LdContextNotAvailable');
    expect(problem.message).not.toContain(folder);
    expect(observed).toContainEqual(
      expect.objectContaining({ kind: 'failed', about: expect.stringContaining('missing.json') }),
    );
  });

  test.each([
    ['[]', 'object'],
    ['{', 'cannot be read'],
    ['{"context.jsonld": "a.json"}', '"context.jsonld"'],
    ['{"https://example.org/": 5}', '5'],
  ])('an index %s is refused', async (text, named) => {
    const path = join(folder, 'index.json');
    await writeFile(path, text);
    expect(() => readPreloadIndex(path)).toThrow(named);
    expect(() => readPreloadIndex(path)).toThrow(path);
  });

  test('an index that is missing is refused', () => {
    expect(() => readPreloadIndex(join(folder, 'none.json'))).toThrow('none.json');
  });
});
