/** Defines a point of a checklist, and what it can ask of the platform that is checked. */
import { isArray, isObject, type Json } from '../../../core/model/json.ts';

export interface CheckRequest {
  /** Absent: GET. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The path with the query, such as `/v2/entities?limit=5`. */
  readonly path: string;
  /** Where the path is. Absent: at the broker. */
  readonly at?: string;
  readonly body?: Json;
  /** A body that is sent as it is, in the place of `body`. Its type is in `headers`. */
  readonly text?: string;
  /** More headers. An empty text removes a header that requests have otherwise. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface CheckAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON. Undefined: it is none. */
  readonly json: Json | undefined;
}

/** A notification that the receiver of this command got. */
export interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: Json | undefined;
}

/** The addresses of the platform. URLs have no slash at the end. */
export interface Platform {
  readonly broker: string;
  /** QuantumLeap, and STH-Comet: without `/v2` and `/STH`. */
  readonly quantumLeap: string;
  readonly sth: string;
  /** Where tokens are, without `/oauth2`. */
  readonly keyrock: string;
  /** The header Fiware-Service. Empty: the default tenant. */
  readonly service: string;
  /** An API key or a token. Empty: none. */
  readonly key: string;
  /** Whose id and secret get tokens. Empty: tokens are not checked. */
  readonly client: string;
  readonly secret: string;
}

/** What a point uses. */
export interface Check {
  readonly platform: Platform;
  /** Unique to this run. */
  readonly run: string;
  /** The ids of the three car parks of this run. They lie in a row: each is about a kilometre farther north than the one before. */
  readonly carParks: readonly [string, string, string];
  /** The ids of a parking spot, and of an entity that is deleted at once. */
  readonly spot: string;
  readonly deleted: string;
  readonly servicePath: string;
  /** Sends a request. It is shown with the point. Throws WrongAnswer when there is no answer. */
  send(request: CheckRequest): Promise<CheckAnswer>;
  /** The URL under which the platform reaches the receiver. */
  receiverUrl(path: string): Promise<string>;
  /** The first notification for this path. Throws WrongAnswer when none arrives in time. */
  received(path: string): Promise<Received>;
  /** Asks again until the answer passes or the time is over, and returns the last answer. */
  until(request: CheckRequest, passes: (answer: CheckAnswer) => boolean): Promise<CheckAnswer>;
}

/** The description of the subscriptions that a run makes, by which they are found again. */
export const descriptionOf = ({ run }: Pick<Check, 'run'>): string => `mlaka check ${run}`;

export const areas = ['context', 'models', 'history', 'open-data', 'security'] as const;
export type Area = (typeof areas)[number];

export interface CheckPoint {
  readonly area: Area;
  /** What must hold, as a sentence. */
  readonly title: string;
  /** Why the point cannot be checked with these addresses and credentials. Absent or undefined: it can. */
  skipped?(platform: Platform): string | undefined;
  /** Throws WrongAnswer when it does not hold. */
  run(check: Check): Promise<void>;
}

/** What is wrong at a point. */
export class WrongAnswer extends Error {}

/** Throws WrongAnswer unless the status is the expected one. */
export function requireStatus(answer: CheckAnswer, status: number): void {
  if (answer.status === status) return;
  throw new WrongAnswer(`The status is ${answer.status}, not ${status}${beginning(answer)}`);
}

/** Throws WrongAnswer with `what` unless it holds. */
export function requireThat(holds: boolean, what: string, answer?: CheckAnswer): void {
  if (!holds) throw new WrongAnswer(`${what}${answer ? beginning(answer) : ''}`);
}

const shownMax = 300;

const beginning = ({ text }: CheckAnswer): string =>
  text === '' ? '. The body is empty.' : `: ${text.slice(0, shownMax)}${text.length > shownMax ? '…' : ''}`;

/** The value after a path of names and indexes; undefined where there is none. */
export const valueAt = (json: Json | undefined, ...path: readonly (string | number)[]): Json | undefined =>
  path.reduce<Json | undefined>((value, step) => {
    if (typeof step === 'number') return elementsOf(value)[step];
    return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }, json);

/** The elements of an array; none for anything else. */
export const elementsOf = (json: Json | undefined): readonly Json[] => (isArray(json) ? json : []);

/** The ids of a list of entities. */
export const idsOf = (json: Json | undefined): readonly (Json | undefined)[] =>
  elementsOf(json).map((entity) => valueAt(entity, 'id'));
