/** Makes the answer of a batch from the results of its elements (clause 5.2.16), with warnings of data models when the caller wants them. */
import { type BrokenRule, createBrokenRules } from '../../model/broken-rules.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Outcome } from '../../model/mutation.ts';
import { describeProblem } from '../describe-problem.ts';
import type { OperationResult } from '../operation.ts';

/** The result of one element: its id, and the outcome of its mutation or the problem that prevented it. */
export interface ElementResult {
  readonly id: string;
  readonly outcome: Outcome;
  /** The index of the element in the batch, from 0, when errors should contain it. */
  readonly element?: number;
  /** What became of its parts at context sources. Absent: no source has a part of it. */
  readonly sources?: SourcesResult;
  /** The rules that it breaks of data models in mode `warn`, when the caller wants them. */
  readonly brokenRules?: readonly BrokenRule[];
}

/** What became of an element at context sources. */
interface SourcesResult {
  /** Whether this broker had a part of the element too. If not, `outcome` says nothing. */
  readonly isLocal: boolean;
  /** A BatchEntityError for each source that failed. */
  readonly failures: readonly JsonObject[];
  /** Whether a source did its part. */
  readonly isDone: boolean;
}

type Plain = Extract<OperationResult, { kind: 'done' | 'createdMany' }>;

export const isGood = ({ outcome, sources }: ElementResult): boolean =>
  outcome.status !== 'refused' && (sources === undefined || sources.failures.length === 0);

/** Whether any part of the element was done. */
const isPartlyGood = ({ outcome, sources }: ElementResult): boolean =>
  sources?.isDone === true || (outcome.status !== 'refused' && sources?.isLocal !== false);

/**
 * 207 with a BatchOperationResult when an element was refused, 200 with one when an accepted element breaks a rule and the caller wants
 * warnings. Otherwise `plain` makes the answer.
 */
export function batchAnswer(results: readonly ElementResult[], plain: () => Plain): OperationResult {
  const warnings = warningsOf(results);
  if (!results.every(isGood))
    return { kind: 'partly', body: { ...batchResult(results), ...warnings }, refused: refusedIn(results) };
  return warnings ? { kind: 'warned', body: { ...batchResult(results), ...warnings } } : plain();
}

/** 201 with the ids of the created entities, 204 when none was created. */
export function createdOrDone(results: readonly ElementResult[]): Plain {
  const created = results.filter(({ outcome }) => outcome.status === 'created').map(({ id }) => id);
  return created.length > 0 ? { kind: 'createdMany', ids: [...new Set(created)] } : { kind: 'done' };
}

/** The BatchOperationResult: successful ids, each once, and the errors. */
function batchResult(results: readonly ElementResult[]): JsonObject {
  const failed = results.flatMap(({ id, outcome, element, sources }): readonly JsonObject[] => {
    const failures = sources?.failures ?? [];
    if (outcome.status !== 'refused') return failures;
    const place = element === undefined ? undefined : { element };
    return [{ entityId: id, ...place, error: describeProblem(outcome.problem) }, ...failures];
  });
  return { success: [...new Set(results.filter(isPartlyGood).map(({ id }) => id))], errors: failed };
}

const refusedIn = (results: readonly ElementResult[]) =>
  new Map(results.flatMap(({ outcome }, index) => (outcome.status === 'refused' ? [[index, outcome.problem]] : [])));

/** The maximum number of rules in an answer, so that its size does not depend on that of the batch. */
const warningsMax = 100;

/** The rules that accepted elements break, as a member of the answer. Undefined when there are none. */
function warningsOf(results: readonly ElementResult[]): JsonObject | undefined {
  const rules = createBrokenRules(warningsMax);
  for (const result of results) if (isGood(result)) for (const broken of result.brokenRules ?? []) rules.add(broken);
  const list = rules.list();
  return list.length === 0 ? undefined : { modelWarnings: list.map((broken) => ({ ...broken })) };
}
