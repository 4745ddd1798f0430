/** Limits the number of names, ids and selectors in a query or subscription, because each has a cost for every entity that is tested. */
import { isArray, isObject, type Json } from '../json.ts';
import { badData } from '../problem.ts';

/** Members with free text, or with commas and their own limit. */
const passedOver = new Set(['coordinates', 'orderFrom', 'description', 'subscriptionName', 'q', 'csf']);

/**
 * Throws BadRequestData that names the limit when the lists in the given parameters, or in the body of a query or subscription, have more
 * elements in total. A text counts as a list, divided by commas and bars.
 */
export function refuseTooManyNames(json: Json, { namesMax }: { readonly namesMax: number }): void {
  if (countNames(json, namesMax) > namesMax)
    throw badData(`The request has more than ${namesMax} names, ids and selectors in its lists (--names-max).`);
}

/** The number of names, or any number above `most`. */
function countNames(json: Json, most: number): number {
  if (typeof json === 'string') return countPieces(json, most);
  const inner = isArray(json)
    ? json
    : isObject(json)
      ? Object.entries(json).flatMap(([name, member]) => (passedOver.has(name) ? [] : [member]))
      : [];
  let count = 0;
  for (const element of inner) {
    count += countNames(element, most);
    if (count > most) break;
  }
  return count;
}

const divider = /[,|]/g;

function countPieces(text: string, most: number): number {
  let count = 1;
  divider.lastIndex = 0;
  while (count <= most && divider.test(text)) count += 1;
  return count;
}
