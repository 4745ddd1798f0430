/** Reads a new report: what is broken, where, and who says so. */
import type { Coordinate } from '../../core/model/geometry.ts';
import { microsOf } from '../../core/model/instant.ts';
import type { Json, JsonObject } from '../../core/model/json.ts';
import { badData, type Problem } from '../../core/model/problem.ts';
import type { Question, ReportKind } from './kinds.ts';
import { answersIn, type Given, numberOf, textOf } from './parameters.ts';

/** Longest text of a description and of an answer, as the standard says of descriptions. */
const textMax = 4000;

/** Where it is. One of the members at least is given. */
export interface Place {
  readonly point?: Coordinate;
  readonly addressString?: string | undefined;
  readonly addressId?: string | undefined;
}

/** Throws BadRequestData when no place is given, or only a half of a point. */
export function readPlace(given: Given): Place {
  const lat = numberOf(given, 'lat', [-90, 90]);
  const long = numberOf(given, 'long', [-180, 180]);
  if ((lat === undefined) !== (long === undefined)) throw badData('The parameters lat and long belong together.');
  const addressString = textOf(given, 'address_string', 1000);
  const addressId = textOf(given, 'address_id', 200);
  if (lat === undefined && addressString === undefined && addressId === undefined)
    throw badData('The place is missing: give lat and long, address_string or address_id.');
  return {
    addressString,
    addressId,
    ...(lat === undefined || long === undefined ? undefined : { point: [long, lat] as const }),
  };
}

/** What the reporter says besides the place: members of the entity by their terms. */
export function readContent(given: Given, { questions }: ReportKind): JsonObject {
  const description = textOf(given, 'description', textMax);
  const mediaUrl = textOf(given, 'media_url', 2000);
  if (mediaUrl !== undefined && !(URL.canParse(mediaUrl) && /^https?:/i.test(mediaUrl)))
    throw badData('The parameter media_url must be a URL that begins with http: or https:.');
  const attributes = readAnswers(given, questions);
  return {
    ...(description === undefined ? undefined : { description }),
    ...(mediaUrl === undefined ? undefined : { media_url: mediaUrl }),
    ...(attributes.length === 0 ? undefined : { attributes }),
  };
}

function readAnswers(given: Given, questions: readonly Question[]): readonly JsonObject[] {
  const answers = answersIn(given);
  const answered = questions.filter(({ isAnswered }) => isAnswered);
  const unknown = [...answers.keys()].find((code) => !answered.some((question) => question.code === code));
  if (unknown !== undefined)
    throw badData(`There is no attribute ${JSON.stringify(unknown.slice(0, 100))} of this service_code.`);
  return answered.flatMap((question) => {
    const values = answers.get(question.code) ?? [];
    if (values.length > 0) return [{ code: question.code, value: readAnswer(question, values) }];
    if (question.isRequired) throw badData(`The parameter attribute[${question.code}] is required.`);
    return [];
  });
}

function readAnswer(question: Question, given: readonly string[]): Json {
  const { code, datatype } = question;
  const wrong = (must: string): Problem => badData(`The parameter attribute[${code}] must be ${must}.`);
  const [first = '', ...others] = given;
  if (datatype === 'multivaluelist') return given.map((one) => keyOf(one, question, wrong));
  if (others.length > 0) throw wrong('one value');
  if (datatype === 'singlevaluelist') return keyOf(first, question, wrong);
  if (first.length > textMax) throw wrong(`a text of ${textMax} characters at most`);
  if (datatype === 'datetime' && microsOf(first) === undefined) throw wrong('a time such as 2026-03-01T00:00:00Z');
  if (datatype !== 'number') return first;
  if (!Number.isFinite(Number(first))) throw wrong('a number');
  return Number(first);
}

function keyOf(given: string, { values }: Question, wrong: (must: string) => Problem): string {
  if (values.some(({ key }) => key === given)) return given;
  throw wrong(`one of ${values.map(({ key }) => key).join(', ')}`);
}

/** Personal data of the reporter by their terms, with the longest texts. */
const contactLengths = {
  email: 254,
  first_name: 200,
  last_name: 200,
  phone: 50,
  account_id: 200,
  device_id: 200,
} as const;

/** What the reporter tells of himself; empty: nothing. */
export function readContact(given: Given): Readonly<Record<string, string>> {
  const contact = Object.fromEntries(
    Object.entries(contactLengths).flatMap(([name, longest]) => {
      const text = textOf(given, name, longest);
      return text === undefined ? [] : [[name, text] as const];
    }),
  );
  if (contact['email'] !== undefined && !/^[^@\s]+@[^@\s]+$/.test(contact['email']))
    throw badData('The parameter email must be an e-mail address.');
  return contact;
}
