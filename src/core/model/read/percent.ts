/** Percent-encoding of texts (RFC 3986). */
import { Problem } from '../problem.ts';

/** The text without its percent-encoding; undefined when a % stands for no character. */
export function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * Reads a text of a query language as it is; when that is not valid, reads it without its percent-encoding, which some clients
 * put on texts in bodies as if they stood in a URL (conflict 42). Throws what `read` throws of the text as it is.
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
