/** Decodes percent-encoded texts (RFC 3986). */
import { Problem } from '../problem.ts';

/** The decoded text; undefined when a % is not part of a valid encoding. */
export function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * Reads a text of a query language unchanged. When it is invalid, reads the percent-decoded text, because some clients encode texts in
 * bodies as in a URL. Throws the error of the unchanged text.
 */
export function readRawOrDecoded<T>(text: string, read: (text: string) => T): T {
  try {
    return read(text);
  } catch (problem) {
    const decoded = text.includes('%') ? percentDecoded(text) : undefined;
    if (decoded === undefined || !isBadData(problem)) throw problem;
    try {
      return read(decoded);
    } catch {
      throw problem;
    }
  }
}

const isBadData = (error: unknown): boolean => error instanceof Problem && error.type === 'BadRequestData';
