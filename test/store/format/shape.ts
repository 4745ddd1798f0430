/** Describes the form of stored documents: the names of all members and the types of all values, as sorted lines. */

/** Words are values of the form, such as the kind of an attribute. Everything else varies from run to run, or belongs to the client. */
const word = /^[A-Za-z]{1,30}$/;

/** The lines for a value at a path. Texts that hold JSON are read. */
export function shapeOf(path: string, value: unknown): readonly string[] {
  const lines = new Set<string>();
  collect(path, value, lines);
  return [...lines].sort();
}

function collect(path: string, value: unknown, lines: Set<string>): void {
  if (Array.isArray(value)) {
    if (value.length === 0) lines.add(`${path}: empty list`);
    for (const one of value) collect(`${path}[]`, one, lines);
  } else if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) lines.add(`${path}: empty object`);
    for (const [name, one] of entries) collect(`${path}.${masked(name)}`, one, lines);
  } else if (typeof value === 'string') collectText(path, value, lines);
  else lines.add(`${path}: ${value === null ? 'null' : typeof value}`);
}

function collectText(path: string, text: string, lines: Set<string>): void {
  const inner = /^[[{]/.test(text) ? jsonIn(text) : undefined;
  if (inner === undefined) lines.add(`${path}: ${word.test(text) ? text : 'string'}`);
  // The places in a list that is a text of its own are members without a name.
  else if (Array.isArray(inner)) inner.forEach((one, at) => collect(`${path} json[${at}]`, one, lines));
  else collect(`${path} json`, inner, lines);
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A name without the numbers and ids that the broker makes. */
const masked = (name: string): string => name.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}|\d{5,}/g, '…');
