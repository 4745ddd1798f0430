/** The text without its percent-encoding (RFC 3986); undefined when a % stands for no character. */
export function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
