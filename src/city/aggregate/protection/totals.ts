/** Decides which totals of one period are published: those from which no dominated total can be computed. */
import { cellKey, type CellPath, isRest } from './cells.ts';
import { type DominanceRule, isDominated } from './dominance.ts';

/** The contributions of one subject to one period. */
export interface Contribution {
  readonly subject: string;
  readonly value: number;
  /** True when the value stands for one that did not arrive. */
  readonly isImputed: boolean;
}

export interface Cell {
  readonly path: CellPath;
  readonly contributions: readonly Contribution[];
}

/** Why a total is not published. */
export type Withheld =
  /** It has no group of its own: it is what the totals above have beside the groups that are published. */
  | 'rest'
  | 'dominance'
  /** A withheld total could be computed from it. */
  | 'complementary'
  /** Another job published, or withheld, for the same time what would tell it. */
  | 'otherJob'
  /** Too many values did not arrive. */
  | 'incomplete';

/** A total over all cells below a group. */
export interface Total extends Cell {
  /** Absent: it is published. */
  readonly withheld?: Withheld;
}

export interface TotalRules {
  /** Absent: nothing is protected. */
  readonly dominance: DominanceRule;
  readonly isProtected: boolean;
  /** True for what another job forbids. */
  readonly isForbidden: (cell: Cell) => boolean;
}

/** A most share of imputed values, above which a total says too little about its period. */
const imputedMax = 0.25;

/** The totals of all groups and of the whole, the coarsest first. */
export function decideTotals(cells: readonly Cell[], rules: TotalRules): readonly Total[] {
  return cells.length === 0 ? [] : groupTotals(cells, [], rules).totals;
}

interface Decided {
  readonly totals: readonly Total[];
  /** The contributions of which nobody may learn the sum, though it is the difference of the total above and of published ones. */
  readonly open: readonly Contribution[];
  /** The total of the group itself. */
  readonly own: Total;
}

function groupTotals(cells: readonly Cell[], path: CellPath, rules: TotalRules): Decided {
  const [only] = cells;
  if (only && cells.length === 1 && cellKey(only.path) === cellKey(path)) return cellTotal(only, rules);
  const below = [...Map.groupBy(cells, (cell) => cellKey(cell.path.slice(0, path.length + 1)))].map(([, part]) =>
    groupTotals(part, part[0]?.path.slice(0, path.length + 1) ?? path, rules),
  );
  const children = rules.isProtected ? withComplements(below, rules) : below;
  const contributions = cells.flatMap((cell) => cell.contributions);
  const open = openIn(children);
  const withheld = reasonFor({ path, contributions }, { open, rules });
  const own: Total = { path, contributions, ...(withheld ? { withheld } : undefined) };
  return {
    own,
    totals: [own, ...children.flatMap(({ totals }) => totals)],
    // Without its own total, the difference is taken from a total above.
    open: withheld === undefined ? contributions : open,
  };
}

function cellTotal(cell: Cell, rules: TotalRules): Decided {
  const rest = isRest(cell.path) && rules.isProtected ? 'rest' : undefined;
  const withheld = rest ?? reasonFor(cell, { open: cell.contributions, rules });
  const own: Total = { ...cell, ...(withheld ? { withheld } : undefined) };
  return { own, totals: [own], open: cell.contributions };
}

function reasonFor(
  cell: Cell,
  { open, rules }: { readonly open: readonly Contribution[]; readonly rules: TotalRules },
): Withheld | undefined {
  const imputed = cell.contributions.filter(({ isImputed }) => isImputed).length;
  if (rules.isProtected && rules.isForbidden(cell)) return 'otherJob';
  if (rules.isProtected && isDominatedSum(open, rules)) return 'dominance';
  return imputed > imputedMax * cell.contributions.length ? 'incomplete' : undefined;
}

const isDominatedSum = (contributions: readonly Contribution[], { dominance }: TotalRules): boolean =>
  isDominated(
    contributions.map(({ value }) => value),
    dominance,
  );

const openIn = (children: readonly Decided[]): readonly Contribution[] =>
  children.flatMap(({ own, open }) => (own.withheld === undefined ? [] : open));

/** Withholds more totals, the smallest first, while what is withheld would have a dominated sum. */
function withComplements(children: readonly Decided[], rules: TotalRules): readonly Decided[] {
  const decided = [...children];
  while (isDominatedSum(openIn(decided), rules)) {
    const candidates = decided.filter(({ own, totals }) => own.withheld === undefined && totals.length === 1);
    const smallest = candidates.sort((a, b) => a.own.contributions.length - b.own.contributions.length)[0];
    if (!smallest) break;
    const own: Total = { ...smallest.own, withheld: 'complementary' };
    decided[decided.indexOf(smallest)] = { ...smallest, own, totals: [own] };
  }
  return decided;
}
