/** Computes the measures of a cell. Each of them is a sum or mean over at least k subjects: no single value leaves the cell. */
import { type DominanceRule, isDominated } from './dominance.ts';

const percentiles = ['p5', 'p10', 'p25', 'p50', 'p75', 'p90', 'p95'] as const;
export const measureNames = ['count', 'total', 'average', 'lowest', 'highest', ...percentiles] as const;
export type MeasureName = (typeof measureNames)[number];

export interface MeasureRules {
  readonly k: number;
  readonly dominance: DominanceRule;
  /** Sums and means are rounded to this number of significant digits. */
  readonly digits: number;
}

/**
 * The measures of the contributions to a cell. Lowest, highest and percentiles are those of micro-aggregated values: the contributions in
 * ascending order, in blocks of at least k, each with the mean of its block. They are absent where there are fewer than two blocks, or where
 * one contribution dominates its block.
 */
export function measuresOf(
  contributions: readonly number[],
  wanted: readonly MeasureName[],
  rules: MeasureRules,
): Readonly<Partial<Record<MeasureName, number>>> {
  const sum = sumOf(contributions);
  const blocks = blockMeans(contributions, rules);
  const values: Partial<Record<MeasureName, number>> = {};
  for (const name of wanted) {
    const value = name === 'count' ? contributions.length : name === 'total' ? sum : undefined;
    const computed = name === 'average' ? sum / contributions.length : (value ?? inBlocks(name, blocks));
    if (computed !== undefined) values[name] = name === 'count' ? computed : roundTo(computed, rules.digits);
  }
  return values;
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

const roundTo = (value: number, digits: number): number => Number(value.toPrecision(digits));

function blockMeans(contributions: readonly number[], { k, dominance }: MeasureRules): readonly number[] {
  const ascending = contributions.toSorted((a, b) => a - b);
  const count = Math.floor(ascending.length / k);
  const bound = (index: number): number => Math.floor((index * ascending.length) / count);
  const blocks = Array.from({ length: count }, (_, index) => ascending.slice(bound(index), bound(index + 1)));
  if (blocks.length < 2 || blocks.some((block) => k > 1 && isDominated(block, dominance))) return [];
  return blocks.map((block) => sumOf(block) / block.length);
}

function inBlocks(name: MeasureName, blocks: readonly number[]): number | undefined {
  if (name === 'lowest') return blocks[0];
  if (name === 'highest') return blocks.at(-1);
  const share = Number(name.slice(1)) / 100;
  return blocks[Math.min(blocks.length - 1, Math.floor(share * blocks.length))];
}
