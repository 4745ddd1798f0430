/** Finds the rule and the limits of a series: those of the rule, and else the bounds of the data model. */
import type { ModelBounds, NumericAttributes } from '../models/model-bounds.ts';
import type { Limits } from './detect/checks.ts';
import type { WatchRule } from './rule.ts';
import { localName } from './vocabulary.ts';

/** How a series is watched. */
export interface Watched {
  readonly rule: WatchRule;
  readonly limits: Limits;
  readonly maximumFrom?: string;
}

export interface RuleSet {
  /** How an attribute of an entity is watched. Undefined: it is not. */
  find(types: readonly string[], attribute: string, unitCode: string | undefined): Watched | undefined;
  /** False when no rule is about one of these types. */
  concerns(types: readonly string[]): boolean;
}

/** Results are cached for so many combinations of types, and of attributes and units of each. */
const [typesMax, attributesMax] = [1000, 10_000];

/** What is known of one combination of types. */
interface OfTypes {
  readonly isConcerned: boolean;
  /** By attribute, then by unit. */
  readonly found: Map<string, Map<string, Watched | undefined>>;
}

export function createRuleSet(rules: readonly WatchRule[], models: NumericAttributes): RuleSet {
  const known = new Map<string, OfTypes>();
  const ofTypes = (types: readonly string[]): OfTypes => {
    const key = typesKey(types);
    const before = known.get(key);
    if (before) return before;
    if (known.size >= typesMax) known.clear();
    const fresh: OfTypes = { isConcerned: rules.some((rule) => isAbout(rule, types, models)), found: new Map() };
    known.set(key, fresh);
    return fresh;
  };
  return {
    concerns: (types) => ofTypes(types).isConcerned,
    find(types, attribute, unitCode) {
      const { found } = ofTypes(types);
      if (found.size >= attributesMax) found.clear();
      let byUnit = found.get(attribute);
      if (!byUnit) found.set(attribute, (byUnit = new Map<string, Watched | undefined>()));
      const unit = unitCode ?? '';
      if (byUnit.size >= attributesMax) byUnit.clear();
      if (!byUnit.has(unit)) byUnit.set(unit, watchedAs(rules, { types, attribute, unitCode }, models));
      return byUnit.get(unit);
    },
  };
}

/** Nearly all entities have one type. */
const typesKey = (types: readonly string[]): string => (types.length === 1 ? (types[0] ?? '') : types.join(' '));

const isAbout = ({ types: wanted }: WatchRule, types: readonly string[], models: NumericAttributes): boolean =>
  types.some((type) => wanted.includes(type) || wanted.includes(localName(type))) ||
  (wanted.includes('*') && types.some((type) => models.hasModel(type)) && !types.some(isComputed));

/** The types of what the broker computes, and of the definitions of that: `*` is about measurements. */
const computedTypes = new Set([
  'AggregateJob',
  'AggregateObserved',
  'Alert',
  'AlertSummary',
  'Indicator',
  'KeyPerformanceIndicator',
]);

const isComputed = (type: string): boolean => computedTypes.has(localName(type));

interface SeriesKind {
  readonly types: readonly string[];
  readonly attribute: string;
  readonly unitCode: string | undefined;
}

/** The most specific rule applies: one that names the attribute, then one that names the type, then one for all types. */
function watchedAs(rules: readonly WatchRule[], kind: SeriesKind, models: NumericAttributes): Watched | undefined {
  const { types, attribute } = kind;
  const names = [attribute, localName(attribute)];
  const rule = rules
    .filter((one) => isAbout(one, types, models))
    .filter(({ attributes }) => !attributes || attributes.some((name) => names.includes(name)))
    .sort((a, b) => weightOf(b) - weightOf(a))[0];
  if (!rule) return undefined;
  const bounds = boundsOf(kind, models);
  const { minimum = bounds.minimum, maximum = bounds.maximum } = rule;
  const maximumFrom = rule.maximumFrom ?? (rule.maximum === undefined ? bounds.maximumFrom : undefined);
  return { rule, limits: { ...rule, minimum, maximum }, ...(maximumFrom === undefined ? undefined : { maximumFrom }) };
}

const weightOf = ({ attributes, types }: WatchRule): number => (attributes ? 2 : 0) + (types.includes('*') ? 0 : 1);

/** The bounds of the model. In another unit, only the sign of a minimum of 0 is known. */
function boundsOf({ types, attribute, unitCode }: SeriesKind, models: NumericAttributes): ModelBounds {
  const bounds = types.map((type) => models.boundsOf(type, attribute)).find((one) => one !== undefined);
  if (!bounds) return {};
  if (unitCode === undefined || !bounds.unitCodes || bounds.unitCodes[0] === unitCode) return bounds;
  return bounds.minimum === 0 ? { minimum: 0 } : {};
}
