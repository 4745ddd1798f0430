/** Runs the program of a regular expression over a subject. It runs all threads in parallel, in time linear in the subject. */
import { countSteps } from '../step-count.ts';
import { assertions, type Program, step } from './pattern-program.ts';

/** Common properties of all matches. They avoid most of the work for most subjects. */
export interface MatchPrefix {
  /** A match can begin only at the start of the subject. */
  readonly isAnchored: boolean;
  /** Every match begins with this text. */
  readonly text: string;
}

/** The steps that wait for the next character, without duplicates. */
interface Threads {
  readonly steps: Int32Array;
  count: number;
}

/** The state of a search. Its arrays are allocated once and reused for every subject. */
interface Search {
  readonly program: Program;
  readonly lead: MatchPrefix;
  /** The moment at which each step was last reached. Each position of each subject has its own moment. */
  readonly reached: Float64Array;
  readonly pending: Int32Array;
  moment: number;
  /** The number of steps that are not counted yet. */
  taken: number;
  waiting: Threads;
  next: Threads;
  subject: string;
  at: number;
}

/** The cost of a character and of a step of the program, in steps of `countSteps`. */
const [characterSteps, programSteps] = [15, 4] as const;

/** Creates the test whether the program matches anywhere in a subject. */
export function createSearch(program: Program, lead: MatchPrefix): (subject: string) => boolean {
  const size = program.ops.length;
  const threads = (): Threads => ({ steps: new Int32Array(size), count: 0 });
  const search: Search = {
    program,
    lead,
    reached: new Float64Array(size),
    // Each step is processed once per position and adds at most two others.
    pending: new Int32Array(2 * size + 1),
    moment: 0,
    taken: 0,
    waiting: threads(),
    next: threads(),
    subject: '',
    at: 0,
  };
  return (subject) => {
    search.subject = subject;
    search.at = 0;
    search.moment += 1;
    search.waiting.count = 0;
    return run(search);
  };
}

function run(search: Search): boolean {
  for (;;) {
    countSteps(characterSteps + programSteps * search.taken);
    search.taken = 0;
    if (search.waiting.count === 0 && !seek(search)) return false;
    const canBegin = search.at === 0 || !search.lead.isAnchored;
    if (canBegin && enter(search, search.waiting, 0)) return true;
    const code = search.subject.codePointAt(search.at);
    if (code === undefined) return false;
    search.at += code > 0xffff ? 2 : 1;
    search.moment += 1;
    if (advance(search, code)) return true;
  }
}

/** Moves to the next position where a match can begin; false when there is none. */
function seek(search: Search): boolean {
  const { isAnchored, text } = search.lead;
  if (isAnchored) return search.at === 0 && search.subject.startsWith(text);
  const at = search.subject.indexOf(text, search.at);
  if (at !== -1) search.at = at;
  return at !== -1;
}

/** Advances every waiting thread by the character before `at`; true when a thread matches. */
function advance(search: Search, code: number): boolean {
  const { program, waiting, next } = search;
  next.count = 0;
  for (let index = 0; index < waiting.count; index += 1) {
    const place = waiting.steps[index] ?? 0;
    const operand = program.first[place] ?? 0;
    const takes = program.ops[place] === step.character ? operand === code : program.sets[operand]?.(code);
    if (takes && enter(search, next, place + 1)) return true;
  }
  search.waiting = next;
  search.next = waiting;
  return false;
}

/** Adds the character steps that can be reached from `place` without reading a character; true when the program matches. */
function enter(search: Search, threads: Threads, place: number): boolean {
  const { program, reached, pending, moment } = search;
  let count = 1;
  pending[0] = place;
  while (count > 0) {
    count -= 1;
    search.taken += 1;
    const here = pending[count] ?? 0;
    if (reached[here] === moment) continue;
    reached[here] = moment;
    const op = program.ops[here];
    if (op === step.match) return true;
    if (op === step.character || op === step.set) {
      threads.steps[threads.count] = here;
      threads.count += 1;
    } else count = putOff(search, here, count);
  }
  return false;
}

/** Pushes the successors of a step that reads no character onto the stack; returns the new size of the stack. */
function putOff({ program, pending, subject, at }: Search, here: number, count: number): number {
  const op = program.ops[here];
  const first = program.first[here] ?? 0;
  if (op === step.assertion) {
    if (!holds(first, subject, at)) return count;
    pending[count] = here + 1;
    return count + 1;
  }
  pending[count] = first;
  if (op === step.jump) return count + 1;
  pending[count + 1] = program.second[here] ?? 0;
  return count + 2;
}

function holds(assertion: number, subject: string, at: number): boolean {
  const kind = assertions[assertion];
  if (kind === 'start') return at === 0;
  if (kind === 'end') return at === subject.length;
  const isEdge = isWord(subject.charCodeAt(at - 1)) !== isWord(subject.charCodeAt(at));
  return isEdge === (kind === 'word');
}

/** NaN, the code before the start and after the end of the subject, is not a word character. */
const isWord = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122);
