/** Reads the RDF of a catalogue from a file, or from a URL with the pages that follow it. */
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { Quad } from 'n3';
import { responseText } from '../response-text.ts';
import { mediaTypeOf, readable, readRdf } from '../../../city/catalogue/check/read-rdf.ts';

/** Most pages of a catalogue, and most bytes of all of them. */
const pagesMax = 1000;
const bytesMax = 200 * 2 ** 20;
const timeoutMs = 60_000;

const nextPage = 'http://www.w3.org/ns/hydra/core#next';

/** Throws an Error that says what cannot be read. */
export async function readCatalogueGraph(target: string, signal: AbortSignal): Promise<readonly Quad[]> {
  if (/^https?:\/\//.test(target)) return readPages(target, signal);
  const type = mediaTypeOf(target);
  if (type === undefined)
    throw new Error(`The name of the file must end in .ttl, .nt, .jsonld or .rdf, not be ${target}.`);
  return read(await readFile(target, 'utf8'), { type, base: pathToFileURL(target).href, name: target });
}

async function readPages(first: string, signal: AbortSignal): Promise<readonly Quad[]> {
  const quads: Quad[] = [];
  const seen = new Set<string>();
  let room = bytesMax;
  for (let url: string | undefined = first; url !== undefined && !seen.has(url); ) {
    seen.add(url);
    if (seen.size > pagesMax) throw new Error(`The catalogue has more than ${pagesMax} pages.`);
    const { text, type } = await download(url, room, signal);
    room -= Buffer.byteLength(text);
    const page = await read(text, { type, base: url, name: url });
    for (const quad of page) quads.push(quad);
    url = page.find(({ predicate, object }) => predicate.value === nextPage && !seen.has(object.value))?.object.value;
  }
  return quads;
}

async function download(
  url: string,
  room: number,
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly type: string }> {
  const signals = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const response = await fetch(url, { headers: { Accept: readable }, signal: signals });
  if (!response.ok) throw new Error(`${url} answers ${response.status}.`);
  const type = response.headers.get('Content-Type') ?? mediaTypeOf(new URL(url).pathname) ?? '';
  return { text: await responseText(response, room), type };
}

async function read(
  text: string,
  { type, base, name }: { readonly type: string; readonly base: string; readonly name: string },
): Promise<readonly Quad[]> {
  try {
    return await readRdf(text, type, base);
  } catch (cause) {
    throw new Error(`${name} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
