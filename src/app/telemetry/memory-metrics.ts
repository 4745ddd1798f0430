/** Metrics of the memory budget: its size, the bytes that each holder uses, and the requests that were refused because of it. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Memory } from '../../core/port/memory.ts';
import type { Observation } from '../../core/port/observe.ts';
import { holders } from '../memory.ts';

type OfMemory = Extract<Observation, { kind: 'memoryRefused' | 'readerDropped' }>;

/** Returns the function that counts observations. */
export function createMemoryCount(registry: Registry): (observation: OfMemory) => void {
  const registers = [registry];
  const refused = new Counter({
    name: 'mlaka_memory_refused_total',
    help: 'What was refused or let go because the memory for it was used up.',
    labelNames: ['holder'],
    registers,
  });
  const dropped = new Counter({
    name: 'mlaka_readers_dropped_total',
    help: 'Connections ended because the client did not take its answer.',
    labelNames: ['binding'],
    registers,
  });
  return (observation) =>
    observation.kind === 'memoryRefused'
      ? refused.inc({ holder: observation.holder })
      : dropped.inc({ binding: observation.binding });
}

/** Sets the gauges whenever the metrics are read. */
export function watchMemory(registry: Registry, memory: Memory): void {
  const registers = [registry];
  const share = new Gauge({
    name: 'mlaka_memory_budget_bytes',
    help: 'Shares of the memory budget.',
    labelNames: ['holder'],
    registers,
  });
  for (const holder of holders) share.set({ holder }, memory.share(holder));
  const held = new Gauge({
    name: 'mlaka_memory_held_bytes',
    help: 'What is held of the memory budget.',
    labelNames: ['holder'],
    collect: () => {
      for (const holder of holders) held.set({ holder }, memory.held(holder));
    },
    registers,
  });
}
