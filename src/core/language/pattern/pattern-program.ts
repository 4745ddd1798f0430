/** Compiles the tree of a regular expression to a program: Thompson's nondeterministic automaton. */
import { Problem } from '../../model/problem.ts';
import { testOfSet } from './pattern-set.ts';
import type { PatternNode } from './pattern-syntax.ts';

/** The operations of steps. `fork` continues at both operands, `jump` at the first. */
export const step = { character: 0, set: 1, assertion: 2, fork: 3, jump: 4, match: 5 } as const;

/** The steps in three columns: the operation, and one or two operands. */
export interface Program {
  readonly ops: Int32Array;
  /** A code point, an index of `sets`, an index of `assertions`, or the next step. */
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly sets: readonly ((code: number) => boolean)[];
}

/** The assertions. Programs contain their indexes. */
export const assertions = ['start', 'end', 'word', 'noWord'] as const;

/** The maximum number of steps of one program. The matching time is at most this number times the length of the subject. */
const stepsMax = 1000;
/**
 * The maximum number of visited nodes while repeats are expanded. Repeats of an empty node produce no steps, so the limit of steps does not
 * cover them.
 */
const visitsMax = 20_000;

interface Writing {
  readonly rows: [number, number, number][];
  readonly sets: ((code: number) => boolean)[];
  visits: number;
}

/** The program of a tree. Throws TooComplexQuery when expanded repeats make it too long. */
export function programOf(node: PatternNode): Program {
  const writing: Writing = { rows: [], sets: [], visits: 0 };
  writeNode(writing, node);
  write(writing, step.match);
  const column = (index: 0 | 1 | 2): Int32Array => Int32Array.from(writing.rows, (row) => row[index]);
  return { ops: column(0), first: column(1), second: column(2), sets: writing.sets };
}

/** Adds a step. The caller can complete its row later. */
function write({ rows }: Writing, op: number, operand = 0): [number, number, number] {
  if (rows.length >= stepsMax) throw tooLong();
  const row: [number, number, number] = [op, operand, 0];
  rows.push(row);
  return row;
}

const tooLong = (): Problem =>
  new Problem('TooComplexQuery', 'A regular expression is too long once its repeats are written out.');

function writeNode(writing: Writing, node: PatternNode): void {
  writing.visits += 1;
  if (writing.visits > visitsMax) throw tooLong();
  switch (node.kind) {
    case 'character':
      write(writing, step.character, node.code);
      return;
    case 'set':
      write(writing, step.set, writing.sets.push(testOfSet(node.ranges)) - 1);
      return;
    case 'assertion':
      write(writing, step.assertion, assertions.indexOf(node.holds));
      return;
    case 'sequence':
      for (const part of node.parts) writeNode(writing, part);
      return;
    case 'choice':
      writeChoice(writing, node.parts);
      return;
    case 'repeat':
      writeRepeat(writing, node);
  }
}

function writeChoice(writing: Writing, parts: readonly PatternNode[]): void {
  const { rows } = writing;
  const jumps = parts.slice(0, -1).map((part) => {
    const fork = write(writing, step.fork, rows.length + 1);
    writeNode(writing, part);
    const jump = write(writing, step.jump);
    fork[2] = rows.length;
    return jump;
  });
  const last = parts.at(-1);
  if (last) writeNode(writing, last);
  for (const jump of jumps) jump[1] = rows.length;
}

function writeRepeat(
  writing: Writing,
  { part, least, most }: { part: PatternNode; least: number; most: number },
): void {
  const { rows } = writing;
  for (let count = 0; count < least; count += 1) writeNode(writing, part);
  if (most === Infinity) {
    const loop = rows.length;
    const fork = write(writing, step.fork, loop + 1);
    writeNode(writing, part);
    write(writing, step.jump, loop);
    fork[2] = rows.length;
    return;
  }
  const forks: [number, number, number][] = [];
  for (let count = least; count < most; count += 1) {
    forks.push(write(writing, step.fork, rows.length + 1));
    writeNode(writing, part);
  }
  for (const fork of forks) fork[2] = rows.length;
}
