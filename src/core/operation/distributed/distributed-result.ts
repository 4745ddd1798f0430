/** Combines what became of the parts of a distributed write to one result (clauses 5.2.16 to 5.2.18, 6.3.17). */
import { isProxied, type Registration } from '../../federation/registration.ts';
import { isArray, isObject, type Json, type JsonObject } from '../../model/json.ts';
import { Problem, type ProblemReport, type ProblemType } from '../../model/problem.ts';
import type { SourceAnswer } from '../../port/sources.ts';
import { describeProblem } from '../describe-problem.ts';
import type { OperationResult } from '../operation.ts';

/** What became of one part of a write. */
export interface PartResult {
  /** Absent: the part of this broker. */
  readonly registration?: Registration;
  /** Absent: the whole entity. */
  readonly attrs?: readonly string[];
  /** True when the source created something. */
  readonly isCreated?: boolean;
  /** The result of this broker. */
  readonly result?: OperationResult;
  readonly problem?: ProblemReport;
  /** The ProblemDetails with which the source refused its part. */
  readonly details?: JsonObject;
  /** Attributes that the source refused while it took others, with the reason. */
  readonly refused?: ReadonlyMap<string, string>;
}

type SentPart = Pick<PartResult, 'registration' | 'attrs'>;

/** What became of the part of a source. */
export function resultOfAnswer(part: SentPart, answer: SourceAnswer): PartResult {
  if (answer.kind === 'unanswered')
    return {
      ...part,
      problem: { type: answer.isLate ? 'SourceTimeout' : 'SourceFailed', detail: sentence(answer.reason) },
    };
  if (answer.status === 207) return partly(part, answer.body);
  if (answer.status < 200 || answer.status >= 300) return refusedPart(part, answer.status, answer.body);
  return answer.status === 201 ? { ...part, isCreated: true } : part;
}

/** The status of a refusal decides that of the whole request (clause 6.3.17). */
const problemOfStatus: Readonly<Record<number, ProblemType>> = { 404: 'ResourceNotFound', 508: 'LoopDetected' };

function refusedPart(part: SentPart, status: number, body: Json | undefined): PartResult {
  const sent = isObject(body) ? body : {};
  const why = typeof sent['detail'] === 'string' ? ` ${sent['detail'].slice(0, 500)}` : '';
  const problem = {
    type: problemOfStatus[status] ?? 'SourceFailed',
    detail: `The source answered with status ${status}.${why}`,
  };
  return { ...part, details: { ...sent, status }, problem };
}

const sentence = (reason: string): string => `The source did not answer: ${reason}.`;

/** A source that could do only a part says which attributes it refused, or only that it refused something. */
function partly(part: SentPart, body: Json | undefined): PartResult {
  const list = isObject(body) ? body['notUpdated'] : undefined;
  const refused = new Map<string, string>();
  for (const one of isArray(list) ? list : []) {
    const { attributeName, reason } = isObject(one) ? one : {};
    if (typeof attributeName === 'string') refused.set(attributeName, typeof reason === 'string' ? reason : '');
  }
  return { ...part, refused, problem: { type: 'SourceFailed', detail: 'The source did only a part of it.' } };
}

/** What was written. */
export interface Written {
  readonly id: string;
  /** True when the operation is about attributes: a partial result is an UpdateResult. */
  readonly isOfAttributes: boolean;
  /** The path of what a source created. Absent: nothing was created. */
  readonly location?: string;
}

/**
 * The result of all parts. When one source has everything for itself, its failure is that of the request; otherwise a failure of any part is
 * told in a result for parts (207).
 */
export function combine(written: Written, parts: readonly PartResult[]): OperationResult {
  refuseAlone(parts);
  if (parts.some(({ problem }) => problem !== undefined))
    return { kind: 'partly', body: written.isOfAttributes ? updateResult(parts) : batchResult(written, parts) };
  const [local] = parts.flatMap(({ result }) => result ?? []);
  if (local) return local;
  return written.location === undefined ? { kind: 'done' } : { kind: 'created', location: written.location };
}

function refuseAlone(parts: readonly PartResult[]): void {
  const [first] = parts;
  if (parts.length !== 1 || !first?.registration || !isProxied(first.registration)) return;
  const { problem, refused } = first;
  if (problem && !refused) throw new Problem(problem.type, problem.detail);
}

/** An UpdateResult (clause 5.2.18). */
function updateResult(parts: readonly PartResult[]): JsonObject {
  const updated = parts.flatMap((part) => (part.problem && !part.refused ? [] : updatedIn(part)));
  const notUpdated = parts.flatMap(notUpdatedIn);
  return { updated: [...new Set(updated)], notUpdated };
}

function updatedIn({ attrs = [], result, refused }: PartResult): readonly string[] {
  if (result?.kind !== 'partly') return attrs.filter((name) => refused?.has(name) !== true);
  const { updated } = result.body;
  return isArray(updated) ? updated.filter((name) => typeof name === 'string') : [];
}

function notUpdatedIn({ attrs = [], result, refused, problem, registration }: PartResult): readonly Json[] {
  if (result?.kind === 'partly') return isArray(result.body['notUpdated']) ? result.body['notUpdated'] : [];
  if (!problem) return [];
  const source = registration ? { registrationId: registration.id } : undefined;
  const names = refused && refused.size > 0 ? [...refused.keys()] : attrs;
  return names.map((attributeName) => ({
    attributeName,
    reason: refused?.get(attributeName) ?? problem.detail,
    ...source,
  }));
}

/** A BatchOperationResult (clause 5.2.16). */
function batchResult({ id }: Written, parts: readonly PartResult[]): JsonObject {
  const errors = parts.flatMap((part) => errorOf(id, part) ?? []);
  return { success: parts.some(({ problem }) => !problem) ? [id] : [], errors };
}

/** A BatchEntityError (clause 5.2.17). Undefined when the part was done. */
export function errorOf(entityId: string, part: PartResult): JsonObject | undefined {
  const { problem, details, registration, result } = part;
  const report: ProblemReport | undefined =
    problem ??
    (result?.kind === 'partly' ? { type: 'BadRequestData', detail: 'Some attributes were not updated.' } : undefined);
  if (!report) return undefined;
  const error = { ...describeProblem(report), ...details };
  return { entityId, error, ...(registration ? { registrationId: registration.id } : undefined) };
}
