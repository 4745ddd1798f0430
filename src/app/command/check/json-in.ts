/** Reads the JSON of an answer that may be none. */
import { type Json, parseJson } from '../../../core/model/json.ts';

/** Undefined: the text is not JSON, such as a page of a proxy. */
export function jsonIn(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
