/** Notes what a request looked for at context sources, and what these answered, for administrators who want it explained. */
import type { Registration } from '../../federation/registration.ts';
import { isExpired, isTemporal } from '../../federation/registration.ts';
import { compileConditions, type SourceConditions } from '../../federation/registration-discovery.ts';
import { compileDemand, type Demand, isOtherDataset } from '../../federation/registration-match.ts';
import { aliasesIn } from '../../federation/via.ts';
import { microsOfInstant } from '../../model/instant.ts';
import { isArray, type JsonObject } from '../../model/json.ts';
import { maskUri, maskUris } from '../../model/secret.ts';
import type { Clock } from '../../port/clock.ts';
import type { SourceAnswer, SourceRequest, Sources } from '../../port/sources.ts';

/** What was looked for among the registrations. */
export interface SourceSearch {
  readonly demand: Demand;
  readonly conditions?: SourceConditions;
  /** Of which a source must offer one (clause 4.20). Absent: that depends on the mode. */
  readonly operations?: readonly string[];
}

export interface SourceTrace {
  note(search: SourceSearch): void;
  readonly searches: readonly SourceSearch[];
  /** The requests to the source of a registration, in the order of their answers. */
  requestsOf(registration: string): readonly JsonObject[];
  /** Sources that note each request. */
  traced(sources: Sources): Sources;
}

/** Most searches and most requests that are noted: a batch has one for each element. */
const notedMax = 1000;

export function createSourceTrace(clock: Clock): SourceTrace {
  const searches: SourceSearch[] = [];
  const requests = new Map<string, JsonObject[]>();
  let count = 0;
  return {
    searches,
    note(search) {
      if (searches.length < notedMax) searches.push(search);
    },
    requestsOf: (registration) => requests.get(registration) ?? [],
    traced: (sources) => ({
      ...sources,
      async ask(request) {
        const began = clock.now();
        const answer = await sources.ask(request);
        const tookMs = Math.round((microsOfInstant(clock.now()) - microsOfInstant(began)) / 1000);
        count += 1;
        if (count > notedMax) return answer;
        const own = requests.get(request.registration) ?? [];
        requests.set(request.registration, [...own, { ...answered(request, answer), tookMs }]);
        return answer;
      },
    }),
  };
}

function answered({ method, url }: SourceRequest, answer: SourceAnswer): JsonObject {
  const request = `${method} ${maskUri(url)}`;
  if (answer.kind === 'unanswered') return { request, reason: maskUris(answer.reason) };
  const { status, body, isCached } = answer;
  return {
    ...{ request, status },
    ...(isArray(body) ? { count: body.length } : undefined),
    ...(isCached === true ? { isCached } : undefined),
  };
}

/** When a request was, and which brokers it has passed. */
interface Present {
  readonly now: string;
  readonly via: string | undefined;
}

/** Why a registration whose source was not asked did not fit the search, as a sentence. */
export function reasonAgainst(
  one: Registration,
  { demand, conditions = {}, operations }: SourceSearch,
  at: Present,
): string {
  const found = objections(one, { demand, conditions }, at).find(([holds]) => holds());
  if (found) return found[1];
  if (operations && !operations.some((name) => one.operations.has(name)))
    return `Its source offers none of the operations ${operations.join(', ')}.`;
  return 'It fits, but nothing was left to ask its source for.';
}

type Objection = readonly [holds: () => boolean, sentence: string];

function objections(
  one: Registration,
  { demand, conditions }: Required<Pick<SourceSearch, 'demand' | 'conditions'>>,
  { now, via }: Present,
): readonly Objection[] {
  const { information, alias } = one;
  const { geo, scopeQ, csf, temporal } = conditions;
  const fails = (part: SourceConditions): boolean =>
    !compileConditions({ ...(temporal ? { temporal } : undefined), ...part }, { isAbsentGood: true })(one);
  return [
    [() => isExpired(one, now), 'It has expired.'],
    [
      () => !information.some(compileDemand({ selectors: demand.selectors })),
      'Its information is about other entities.',
    ],
    [() => !information.some(compileDemand(demand)), 'Its information is about other attributes of these entities.'],
    [() => isOtherDataset(one, demand), 'It is about other datasets.'],
    [
      () => fails({}),
      isTemporal(one) ? 'It is about an interval that the request does not meet.' : 'It is about no interval.',
    ],
    [() => fails({ geo }), 'Its location allows no match of the geo-query.'],
    [() => fails({ scopeQ }), 'Its scope does not fit scopeQ.'],
    [() => fails({ csf }), 'Its Context Source Properties do not meet csf.'],
    [() => alias !== undefined && aliasesIn(via).includes(alias), 'The request has passed its source already (Via).'],
  ];
}
