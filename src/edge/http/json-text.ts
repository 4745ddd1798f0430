/**
 * Parses the bytes of a body as JSON. It limits nesting depth, and parses a long array element by element so that other requests
 * do not wait.
 */
import { isUtf8 } from 'node:buffer';
import { type Json, parseGiven } from '../../core/model/json.ts';
import { badData, Problem } from '../../core/model/problem.ts';
import type { YieldToEventLoop } from '../../core/port/clock.ts';
import { findSyntaxError } from './json-syntax-error.ts';
import { type Scan, scanTo, startScan } from './json-scan.ts';
import { Refusal } from './refusal.ts';

/** Maximum number of bytes parsed in one call. A larger body must be an array whose elements are each below this limit. */
export const parseBytesMax = 8 * 2 ** 20;
/** Size in bytes above which an array is parsed element by element. */
const splitThresholdBytes = 64 * 2 ** 10;

/** Maximum number of values parsed in one call. More would block the event loop for too long. */
const valuesMax = 300_000;
/** Size in bytes up to which the position of a syntax error is searched. */
const flawBytesMax = 2 ** 20;

const byteOrderMark = Buffer.from('\ufeff');

export interface JsonReading {
  /** Maximum nesting depth of arrays and objects. */
  readonly depthMax: number;
  /** Maximum number of object members in the whole text, or in each element when it is parsed element by element. */
  readonly membersMax: number;
  /** True when a long array is parsed element by element. */
  readonly isPiecewise: boolean;
  readonly yieldToEventLoop: YieldToEventLoop;
}

/**
 * Parses a body. Among members with the same name the last one wins; `__proto__` is an ordinary name. Throws InvalidRequest with
 * the position when it is not JSON, BadRequestData with the limit when it has too many members or values, and Refusal 413 when it
 * has too many bytes for one call.
 */
export async function readJsonText(body: Buffer, reading: JsonReading): Promise<Json> {
  const bytes = body.subarray(0, 3).equals(byteOrderMark) ? body.subarray(3) : body;
  const scan = startScan(bytes, reading.isPiecewise);
  if (bytes.length <= splitThresholdBytes) {
    scanTo(scan, bytes.length);
    checkDepth(scan, reading.depthMax);
    return parse(bytes, { start: 0, end: bytes.length });
  }
  return readLong(scan, reading);
}

const invalid = (detail: string): Problem => new Problem('InvalidRequest', detail);

async function readLong(scan: Scan, reading: JsonReading): Promise<Json> {
  const { bytes } = scan;
  while (scan.at < bytes.length) {
    scanTo(scan, Math.min(scan.at + splitThresholdBytes, bytes.length));
    checkDepth(scan, reading.depthMax);
    checkCounts(scan, reading.membersMax);
    checkPiece(scan);
    const pause = reading.yieldToEventLoop();
    if (pause) await pause;
  }
  if (scan.isSplit && scan.cuts.length > 0) return readElements(scan, reading.yieldToEventLoop);
  const json = parse(bytes, { start: 0, end: bytes.length });
  const pause = reading.yieldToEventLoop();
  if (pause) await pause;
  return json;
}

/** Limits what one call parses, so that it takes at most some tens of milliseconds. */
function checkCounts({ members, values, cuts, isSplit }: Scan, membersMax: number): void {
  if (members > membersMax)
    throw badData(`The body, or an element of it, has more than ${membersMax} members (--members-max).`);
  if (values > valuesMax || (isSplit && cuts.length > valuesMax))
    throw badData(`The body, or an element of it, holds more than ${valuesMax} values.`);
}

/** Refuses a body as soon as the scan has seen more of one piece than is parsed in one call. */
function checkPiece({ at, end, cuts, isSplit }: Scan): void {
  const start = isSplit ? (cuts.at(-1) ?? -1) + 1 : 0;
  if (end === undefined && at - start > parseBytesMax) throw tooLong(at - start);
}

function tooLong(bytes: number): Refusal {
  return new Refusal(413, `The body holds ${bytes} bytes or more in one piece; at most ${parseBytesMax} are read.`);
}

function checkDepth({ deepest, at }: Scan, depthMax: number): void {
  if (deepest <= depthMax) return;
  throw invalid(`The body is nested deeper than the ${depthMax} levels that are read, before byte ${at}.`);
}

/** Start and end offset of a part of a text. */
interface Span {
  readonly start: number;
  readonly end: number;
}

async function readElements({ bytes, cuts, end }: Scan, yieldToEventLoop: YieldToEventLoop): Promise<Json> {
  const close = end ?? bytes.length;
  if (bytes[close] !== 0x5d) throw flawed(bytes, { at: close, expected: '"]"' });
  const rest = bytes.toString('latin1', close + 1, close + 1 + splitThresholdBytes);
  const behind = rest.search(/[^ \t\r\n]/);
  if (behind >= 0) throw flawed(bytes, { at: close + 1 + behind, expected: 'the end' });
  if (rest.length === splitThresholdBytes) throw invalid(`The body is not JSON: too many blanks after byte ${close}.`);
  const elements: Json[] = [];
  let start = bytes.indexOf('[') + 1;
  for (const cut of [...cuts, close]) {
    elements.push(parse(bytes, { start, end: cut }));
    start = cut + 1;
    const pause = yieldToEventLoop();
    if (pause) await pause;
  }
  return elements;
}

function parse(bytes: Buffer, { start, end }: Span): Json {
  if (end - start > parseBytesMax) throw tooLong(end - start);
  if (!isUtf8(bytes.subarray(start, end))) throw invalid('The body is not valid UTF-8.');
  try {
    return parseGiven(bytes.toString('utf8', start, end));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    if (end > flawBytesMax) throw invalid(`The body is not JSON: ${error.message}.`);
    const flaw = findSyntaxError(bytes.subarray(start, end));
    throw flawed(bytes, { at: start + (flaw?.at ?? 0), expected: flaw?.expected ?? 'JSON' });
  }
}

/** Creates the problem for a text that is not JSON, with the character found. Far into a long text it gives no line and column. */
function flawed(bytes: Buffer, { at, expected }: { at: number; expected: string }): Problem {
  const found =
    at < bytes.length
      ? JSON.stringify(String.fromCodePoint(bytes.toString('utf8', at, at + 4).codePointAt(0) ?? 0))
      : 'the end';
  const what = `The body is not JSON: ${expected} was expected, not ${found}`;
  if (at > flawBytesMax) return invalid(`${what}, at byte ${at}.`);
  const before = bytes.toString('utf8', 0, at);
  const line = before.split('\n').length;
  const column = before.length - before.lastIndexOf('\n');
  return invalid(`${what}, at line ${line}, column ${column} (byte ${at}).`);
}
