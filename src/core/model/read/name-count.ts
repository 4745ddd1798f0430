/** Bounds how many names, ids and selectors a query or subscription may bring: each costs something for every entity that is looked at. */
import { isArray, isObject, type Json } from '../json.ts';
import { badData } from '../problem.ts';

/** What is free text, or has commas of its own and another bound. */
const passedOver = new Set(['coordinates', 'orderFrom', 'description', 'subscriptionName', 'q', 'csf']);

/**
 * Throws BadRequestData that names the bound when the lists in some parameters, or in the body of a query or subscription, have
 * more elements together. A text is a list, too, of what its commas and bars divide.
 */
export function refuseManyNames(json: Json, { namesMax }: { readonly namesMax: number }): void {
  if (countNames(json, namesMax) > namesMax)
    throw badData(`The request has more than ${namesMax} names, ids and selectors in its lists (--names-max).`);
}

/** As many as there are, or a number above `most`. */
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
