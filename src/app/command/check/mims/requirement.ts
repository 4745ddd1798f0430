/** Defines a requirement of MIMs Plus 9.0 (OASC), and what it can ask of the platform that is checked. Requirements are in our own words. */
import { isArray, isObject, type Json, type JsonObject } from '../../../../core/model/json.ts';

/** `by hand`: no request can tell, and the evidence says what to ask people. `not applicable`: its condition is not met. */
export type Verdict = 'met' | 'partly' | 'not met' | 'not applicable' | 'by hand';

export interface Evidence {
  readonly verdict: Verdict;
  /** What was found, as a sentence with the value that decided. */
  readonly found: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON. Undefined: it is none. */
  readonly json: Json | undefined;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Json;
  /** True: without the key. */
  readonly isAnonymous?: boolean;
}

/** Entities of one type, as the platform shows them. */
export interface SampleOfType {
  /** The name in the core @context: usually an IRI. */
  readonly type: string;
  readonly entities: readonly JsonObject[];
}

/** What a requirement uses. */
export interface Probe {
  readonly url: string;
  readonly hasKey: boolean;
  /** True when the check may write an entity of its own, which it removes again. */
  readonly mayWrite: boolean;
  /** Unique to this run. */
  readonly run: string;
  /** Some entities of each type. */
  readonly sample: readonly SampleOfType[];
  /** Sends a request, which is shown with the requirement. A failure of the connection has the status 0. */
  readonly ask: (path: string, asking?: Asking) => Promise<Reply>;
}

export interface Requirement {
  /** Such as `MIM0 R1.1`. */
  readonly id: string;
  /** The word of the standard. Only a SHALL that is not met fails the check. */
  readonly word: 'SHALL' | 'SHOULD' | 'MAY';
  /** What must hold, as a sentence. */
  readonly title: string;
  readonly check: (probe: Probe) => Promise<Evidence>;
}

export const met = (found: string): Evidence => ({ verdict: 'met', found });
export const partly = (found: string): Evidence => ({ verdict: 'partly', found });
export const notMet = (found: string): Evidence => ({ verdict: 'not met', found });
export const notApplicable = (found: string): Evidence => ({ verdict: 'not applicable', found });
export const byHand = (question: string): Evidence => ({ verdict: 'by hand', found: question });

/** A requirement that no request can check: people answer the question. */
export const documented = (about: Omit<Requirement, 'check'>, question: string): Requirement => ({
  ...about,
  check: () => Promise.resolve(byHand(question)),
});

/** Met when all hold, partly when some do; the names of those that do not are listed. */
export function share(what: string, all: readonly string[], failing: readonly string[]): Evidence {
  if (all.length === 0) return notApplicable(`There are no ${what.split(' ', 1)[0] ?? what} to look at.`);
  const found = `${all.length - failing.length} of ${all.length} ${what}`;
  if (failing.length === 0) return met(`${found}.`);
  const list = failing.slice(0, listMax).join(', ');
  const isNone = failing.length === all.length;
  return (isNone ? notMet : partly)(`${found}. Not: ${list}${failing.length > listMax ? ', …' : ''}.`);
}

const listMax = 10;

/** The entities of the sample. */
export const entitiesIn = ({ sample }: Probe): readonly JsonObject[] => sample.flatMap(({ entities }) => entities);

export const textIn = (json: Json | undefined, name: string): string => {
  const value = isObject(json) ? json[name] : undefined;
  return typeof value === 'string' ? value : '';
};

export const listIn = (json: Json | undefined): readonly JsonObject[] => (isArray(json) ? json.filter(isObject) : []);

/** The attributes of an entity with all their instances, in the normalized representation. */
export const attributesOf = (entity: JsonObject): readonly (readonly [name: string, instance: JsonObject])[] =>
  Object.entries(entity)
    .filter(([name]) => !['id', 'type', '@context', 'scope', 'createdAt', 'modifiedAt'].includes(name))
    .flatMap(([name, given]) => (isArray(given) ? given : [given]).filter(isObject).map((one) => [name, one] as const));

export const entityPath = (id: string): string => `/ngsi-ld/v1/entities/${encodeURIComponent(id)}`;

/** The query for the entities of a type; further parameters are appended with `&`. */
export const typeQuery = (type: string): string => `/ngsi-ld/v1/entities?type=${encodeURIComponent(type)}`;
