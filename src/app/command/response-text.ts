/** Reads the text of a response from a server that may send any amount. */

/** Throws an Error when it has more than `bytesMax` bytes. */
export async function responseText({ body, url }: Response, bytesMax: number): Promise<string> {
  const pieces: AsyncIterable<Uint8Array> | readonly Uint8Array[] = body ?? [];
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > bytesMax) throw new Error(`${url} answers with more than ${bytesMax} bytes.`);
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}
