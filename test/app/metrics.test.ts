/** Tests the metrics of store sizes: the newest values, and no value when a store does not return its sizes. */
import { describe, expect, test } from '@jest/globals';
import { createMemory } from '../../src/app/memory.ts';
import { createMetrics } from '../../src/app/telemetry/metrics.ts';
import type { Stores } from '../../src/core/port/store.ts';

/** The lines about sizes in metrics that are read with this persistence; others are there too. */
async function linesOf(sizes: Stores['sizes'], times = 1): Promise<readonly string[]> {
  const metrics = createMetrics();
  metrics.watch({ sizes, unready: () => Promise.resolve(undefined), memory: createMemory(2 ** 26, metrics.observe) });
  for (let n = 1; n < times; n += 1) await metrics.read();
  const { body } = await metrics.read();
  expect(body).toContain('process_cpu_seconds_total');
  return body.split('\n').filter((line) => line.startsWith('mlaka_store_bytes{'));
}

describe('the sizes among the metrics', () => {
  test('are those of now', async () => {
    const answers = [
      [
        { tenant: '', bytes: { file: 1, wal: 2 } },
        { tenant: 'gone', bytes: { file: 3 } },
      ],
      [{ tenant: '', bytes: { file: 4, wal: 0 } }],
    ];
    expect(await linesOf(() => Promise.resolve(answers.shift() ?? []), 2)).toEqual([
      'mlaka_store_bytes{tenant="",where="file"} 4',
      'mlaka_store_bytes{tenant="",where="wal"} 0',
    ]);
  });

  test.each<readonly [string, Stores['sizes']]>([
    ['fails', () => Promise.reject(new Error('away'))],
    ['does not answer', () => new Promise(() => undefined)],
  ])('are left out when the persistence %s', async (_, sizes) => expect(await linesOf(sizes)).toEqual([]));
});
