/** Provides what the fuzz tests share: almost valid inputs, and the one property that holds for all of them. */
import fc from 'fast-check';
import type { Json } from '../../src/core/model/json.ts';
import { Problem } from '../../src/core/model/problem.ts';

/** How many inputs a test tries: what it says, or what MLAKA_FUZZ in the environment asks for. */
export const runs = (usual: number): { readonly numRuns: number } => ({
  numRuns: Number(process.env['MLAKA_FUZZ'] ?? usual),
});

/** Time for a test, which grows with MLAKA_FUZZ. */
export const timeoutMs = 20_000 + Number(process.env['MLAKA_FUZZ'] ?? 0) * 20;

/** What became of an input: a result, or the detail of the problem that a client would be told. */
export type Outcome<T> = { readonly result: T } | { readonly detail: string };

/** Calls, and lets every error through that is no Problem, or is one that says nothing. */
export function outcomeOf<T>(call: () => T): Outcome<T> {
  try {
    return { result: call() };
  } catch (error) {
    return told(error);
  }
}

/** The same for what answers later. */
export async function laterOutcomeOf<T>(call: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { result: await call() };
  } catch (error) {
    return told(error);
  }
}

function told(error: unknown): { readonly detail: string } {
  if (error instanceof Problem && error.type !== 'InternalError' && error.message !== '')
    return { detail: error.message };
  throw error;
}

/** Characters and words that have broken parsers elsewhere. */
const nasty = [
  '',
  ' ',
  '"',
  '""',
  '\\',
  "'",
  ',',
  ';',
  '|',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '<',
  '>',
  '=',
  '==',
  '!',
  '!=',
  '~=',
  '..',
  '.',
  '/',
  '#',
  '+',
  '*',
  '?',
  '^',
  '$',
  '-',
  ':',
  '@',
  '%',
  '&',
  '\0',
  '\n',
  '\r',
  '\t',
  '\u2028',
  '\ud800',
  '\udc00',
  '😀',
  'é',
  'İ',
  '\ufeff',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '@id',
  '@type',
  '@none',
  '@context',
  'null',
  'true',
  'NaN',
  'Infinity',
  '-0',
  '1e999',
  '9007199254740993',
  '0x10',
  '00',
  'urn:ngsi-ld:null',
  'urn:',
  'http://',
  '2026-02-30T25:61:00Z',
  '2026-03-01T08:00:00Z',
] as const;

const long = fc
  .tuple(fc.constantFrom(...nasty, 'a', '1'), fc.integer({ min: 2, max: 3000 }))
  .map(([text, times]) => text.repeat(times));
const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...nasty) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
  { weight: 1, arbitrary: fc.integer().map(String) },
);

/** One way in which a text is spoilt; places are shares of its length. */
interface Spoil {
  readonly from: number;
  readonly length: number;
  readonly by: string;
}

const share = fc.double({ min: 0, max: 1, noNaN: true });

const spoiling = (by: fc.Arbitrary<string>): fc.Arbitrary<Spoil> =>
  fc.record({ from: share, length: fc.oneof(fc.constant(0), fc.nat({ max: 6 }), fc.nat({ max: 60 })), by });

function spoilt(text: string, spoils: readonly Spoil[]): string {
  let result = text;
  for (const { from, length, by } of spoils) {
    const at = Math.round(from * result.length);
    result = result.slice(0, at) + by + result.slice(at + length);
  }
  return result;
}

/** Texts near the given ones: as they are, spoilt in some places, put together, nested deep, or nothing like them. */
export function near(seeds: readonly string[], words: readonly string[] = []): fc.Arbitrary<string> {
  const seed = fc.constantFrom(...seeds);
  const own = words.length > 0 ? fc.oneof(fc.constantFrom(...words), piece) : piece;
  const spoil = spoiling(fc.oneof({ weight: 5, arbitrary: own }, { weight: 2, arbitrary: seed }));
  return fc.oneof(
    {
      weight: 12,
      arbitrary: fc.tuple(seed, fc.array(spoil, { maxLength: 4 })).map(([text, spoils]) => spoilt(text, spoils)),
    },
    { weight: 6, arbitrary: fc.array(fc.oneof(own, seed), { maxLength: 12 }).map((parts) => parts.join('')) },
    { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
    { weight: 1, arbitrary: fc.tuple(seed, long).map(([text, tail]) => text + tail) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(seed, fc.nat({ max: 200 }))
        .map(([text, depth]) => '('.repeat(depth) + text + ')'.repeat(depth)),
    },
  );
}

/** The same, or left away. */
export const perhaps = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 4 });

/** JSON of any shape, whose names and values are those that the given documents have, and nasty ones. */
export function nearJson(seeds: readonly Json[]): fc.Arbitrary<Json> {
  const { names, values } = partsOf(seeds);
  const name = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...names) },
    { weight: 1, arbitrary: fc.constantFrom(...nasty) },
  );
  const leaf = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...values) },
    { weight: 2, arbitrary: fc.constantFrom<Json>(null, true, false, 0, -0, 1e308, 5e-324, '', [], {}, ...nasty) },
    {
      weight: 1,
      arbitrary: fc.jsonValue({ maxDepth: 2 }).map((value): Json => JSON.parse(JSON.stringify(value)) as Json),
    },
  );
  const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      leaf,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.array(fc.tuple(name, tie('tree')), { maxLength: 5 }).map(objectFrom),
    ),
  }));
  const seed = fc.constantFrom(...seeds);
  const edit = fc.record({
    steps: fc.array(share, { minLength: 1, maxLength: 5 }),
    name,
    value: tree,
    way: fc.nat({ max: 3 }),
  });
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(seed, fc.array(edit, { maxLength: 3 })).map(([json, edits]) => edits.reduce(edited, json)),
    },
    { weight: 2, arbitrary: tree },
  );
}

/** A member named `__proto__` is a member like others, as JSON.parse makes it. */
const objectFrom = (members: readonly (readonly [string, Json])[]): Json => Object.fromEntries(members);

interface Edit {
  readonly steps: readonly number[];
  readonly name: string;
  readonly value: Json;
  readonly way: number;
}

/** Goes down some steps, and there puts a value in, takes one away, or takes its place. */
function edited(json: Json, { steps, name, value, way }: Edit): Json {
  const [step, ...further] = steps;
  if (step === undefined || json === null || typeof json !== 'object') return value;
  const members: (readonly [string, Json])[] = Object.entries(json);
  const at = Math.min(Math.floor(step * members.length), members.length - 1);
  const [found, inner] = members[at] ?? [name, null];
  if (further.length > 0) members[Math.max(at, 0)] = [found, edited(inner, { steps: further, name, value, way })];
  else if (way === 0) members.splice(at, 1);
  else if (way === 1) members.push([name, value]);
  else if (way === 2) members[Math.max(at, 0)] = [name, inner];
  else members[Math.max(at, 0)] = [found, value];
  return Array.isArray(json) ? members.map(([, one]) => one) : objectFrom(members);
}

/** Every name and every value inside some documents. */
function partsOf(seeds: readonly Json[]): { names: readonly string[]; values: readonly Json[] } {
  const names = new Set<string>();
  const values: Json[] = [];
  const visit = (json: Json): void => {
    values.push(json);
    if (json === null || typeof json !== 'object') return;
    for (const [name, value] of Object.entries(json)) {
      if (!Array.isArray(json)) names.add(name);
      visit(value as Json);
    }
  };
  seeds.forEach(visit);
  return { names: [...names], values };
}
