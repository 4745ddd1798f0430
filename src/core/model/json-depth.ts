/** Checks the nesting depth of a JSON text before it is parsed. */

const marks = { quote: 34, backslash: 92, openBracket: 91, closeBracket: 93, openBrace: 123, closeBrace: 125 } as const;

/** True when brackets outside of strings nest deeper than allowed. Needs one pass over any text. */
export function isDeeper(text: string, depthMax: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const mark = text.charCodeAt(at);
    if (mark === marks.quote) at = endOfString(text, at + 1);
    else if (mark === marks.openBrace || mark === marks.openBracket) depth += 1;
    else if (mark === marks.closeBrace || mark === marks.closeBracket) depth -= 1;
    if (depth > depthMax) return true;
  }
  return false;
}

/** The offset of the quote that ends a string. */
function endOfString(text: string, start: number): number {
  let at = start;
  while (at < text.length && text.charCodeAt(at) !== marks.quote) at += text.charCodeAt(at) === marks.backslash ? 2 : 1;
  return at;
}
