/** Reads the parameters that all lists of NGSI v2 have: `options`, `limit` and `offset`. */
import { badRequest } from './problem.ts';

type Params = Readonly<Record<string, string>>;

/** The words that `options` may have. A known word that means nothing for a request is ignored. */
const known: ReadonlySet<string> = new Set(
  (
    'count normalized keyValues values unique append upsert forcedUpdate overrideMetadata flowControl skipForwarding noAttrDetail ' +
    'dateCreated dateModified skipInitialNotification fullCounters libVersions'
  ).split(' '),
);

/** The options of a request, which may have words of its own. Throws BadRequest for an unknown one, and for two formats. */
export function readV2Options({ options }: Params, own: readonly string[] = []): ReadonlySet<string> {
  const chosen = new Set(options === undefined || options === '' ? [] : options.split(',').map((word) => word.trim()));
  const formats = ['keyValues', 'values', 'unique'].filter((word) => chosen.has(word));
  if ([...chosen].some((word) => !known.has(word) && !own.includes(word)) || formats.length > 1)
    throw badRequest('Invalid value for URI param /options/');
  return chosen;
}

/** The page that a request asks for. */
interface V2Page {
  readonly limit: number;
  readonly offset: number;
  readonly isCounted: boolean;
}

const limitInitial = 20;
const limitMax = 1000;

/** Throws BadRequest with the text of Orion. */
export function readPage({ limit, offset }: Params, options: ReadonlySet<string>): V2Page {
  if (limit !== undefined && !/^\d{1,9}$/.test(limit))
    throw badRequest(`Bad pagination limit: /${limit}/ [must be a positive integer number]`);
  if (Number(limit ?? 0) > limitMax) throw badRequest(`Bad pagination limit: /${limit ?? ''}/ [max: ${limitMax}]`);
  if (offset !== undefined && !/^\d{1,15}$/.test(offset))
    throw badRequest(`Bad pagination offset: /${offset}/ [must be a decimal number]`);
  return {
    limit: Number(limit ?? limitInitial),
    offset: Number(offset ?? 0),
    isCounted: options.has('count'),
  };
}
