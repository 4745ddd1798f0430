/** Tests log records of failures: one short line each, without stack traces, secrets or lines injected by a client. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import type { Observation } from '../../src/core/port/observe.ts';
import { startTestServer } from '../edge/http/test-server.ts';

const log = new URL('../../src/app/telemetry/log.ts', import.meta.url).pathname;

/** The lines that a log of this level writes for observations; `SOURCE` of them is code. */
async function linesOf(level: string, source: string): Promise<readonly string[]> {
  const code = `import { createLog } from ${JSON.stringify(log)}; const observe = createLog('${level}'); ${source}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (piece: Buffer) => (text += piece.toString()));
  await once(child, 'close');
  return text.split('\n').filter((line) => line.startsWith('{'));
}

const failure = `const cause = new TypeError('no\\nsuch "thing"', { cause: new Error('inner') });
  observe({ kind: 'failed', where: 'createEntity', cause });`;

describe('a failure', () => {
  test('is one line without its stack', async () => {
    const lines = await linesOf('info', failure);
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
      {
        level: 50,
        time: expect.any(String),
        where: 'createEntity',
        err: { type: 'TypeError', message: 'no\nsuch "thing"' },
        msg: 'failed',
      },
    ]);
  });

  test('is one line with its stack where details are wanted', async () => {
    const lines = await linesOf('debug', failure);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/"stack":"TypeError: no.*inner/);
  });
});

test('texts are cut, control characters escaped, and secrets of URLs masked', async () => {
  const url = 'https://ana:s3cret@example.org/c';
  const lines = await linesOf(
    'info',
    `observe({ kind: 'contextFailed', url: '${url}', reason: 'a\\n{"level":50}\\u001b[2J' + 'x'.repeat(100_000) });
    observe({ kind: 'failed', where: 'a', about: 'y'.repeat(100_000), cause: 'z'.repeat(100_000) });`,
  );
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line.length).toBeLessThan(5000);
  expect(lines[0]).toContain('https://ana:***@example.org/c');
  expect(lines.join('')).not.toMatch(/[\u0000-\u001f]/);
});

test('secrets of URLs are masked in messages of errors and in their stacks', async () => {
  for (const level of ['info', 'debug']) {
    const cause = `new Error('no database at mongodb+srv://ana:s3cret@example.org/m, "https://x.example/?token=s3cret"')`;
    // The second text is cut within the password.
    const lines = await linesOf(
      level,
      `observe({ kind: 'failed', where: 'a', cause: ${cause} });
      observe({ kind: 'failed', where: 'a', cause: 'x'.repeat(982) + ' https://ana:s3cret@example.org/' });`,
    );
    expect(lines).toHaveLength(2);
    expect(lines.join('')).toContain('mongodb+srv://ana:***@example.org/m');
    expect(lines.join('')).not.toMatch(/s3c/);
  }
});

test('what a client has done wrong is no failure', async () => {
  const broker = await startTestServer();
  const bad = ['GET /ngsi-ld/v1/entities?nope=1', 'GET /nowhere', 'PUT /ngsi-ld/v1/entities', 'BAD'];
  for (const line of bad) await broker.raw(`${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  await broker.raw(`GET /ngsi-ld/v1/broken HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  await broker.stop();
  const failed = broker.observed.filter(
    (one): one is Extract<Observation, { kind: 'failed' }> => one.kind === 'failed',
  );
  expect(failed.map(({ where }) => where)).toEqual(['broken']);
});
