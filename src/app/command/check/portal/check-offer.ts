/** Asks for a file of a dataset as anybody would, without credentials: whether it is there, how large it is, and whether its columns are explained. */
import { isArray, isObject, type Json, parseJson } from '../../../../core/model/json.ts';
import type { Duty, Offered } from '../../../../city/catalogue/check/portal-duties.ts';
import { failureText } from '../../failure-text.ts';
import { responseText } from '../../response-text.ts';

const timeoutMs = 30_000;
/** The portal takes no larger files. */
const bytesMax = 100 * 2 ** 30;
/** Most bytes that are read of the description of columns, and of a file to find its first line. */
const [metadataMax, headMax] = [4 * 2 ** 20, 256 * 1024];

const must = (message: string): Duty => ({ severity: 'must', message });

/** What is missing at the address. */
export async function checkOffer({ url, format }: Offered, signal: AbortSignal): Promise<readonly Duty[]> {
  if (!/^https?:/.test(url)) return [must(`${url} is no address of the web.`)];
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
    const wrong = wrongWith(response);
    if (wrong === undefined && /csv/i.test(format))
      return await checkColumns(await columnsOf(response), response, signal);
    await response.body?.cancel();
    return wrong === undefined ? [] : [must(`${url} ${wrong}`)];
  } catch (error) {
    if (signal.aborted) throw error;
    return [must(`${url} cannot be reached: ${failureText(error)}`)];
  }
}

function wrongWith({ status, ok, headers }: Response): string | undefined {
  if (status === 401 || status === 403) return `asks for credentials (${status}).`;
  if (!ok) return `answers ${status}.`;
  const size = Number(headers.get('Content-Length') ?? 0);
  return size > bytesMax ? `has ${size} bytes, more than 100 GB.` : undefined;
}

/** The address of the description of columns (CSV on the Web), which the file names in its header Link. */
function linkIn({ headers, url }: Response): string | undefined {
  const link = headers.get('Link') ?? '';
  const [, path] = /<([^>]*)>\s*;[^,]*rel="?describedby"?/.exec(link) ?? [];
  return path === undefined ? undefined : new URL(path, url).href;
}

/** The names in the first line. */
async function columnsOf({ body }: Response): Promise<readonly string[]> {
  const pieces: AsyncIterable<Uint8Array> | readonly Uint8Array[] = body ?? [];
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of pieces) {
    text += decoder.decode(piece, { stream: true });
    if (text.includes('\n') || text.length > headMax) break;
  }
  return (text.split(/\r?\n/, 1)[0] ?? '').split(',').map((name) => name.replace(/^"|"$/g, ''));
}

async function checkColumns(names: readonly string[], file: Response, signal: AbortSignal): Promise<readonly Duty[]> {
  const link = linkIn(file);
  if (link === undefined) return [must(`${file.url} does not say where its columns are explained.`)];
  const response = await fetch(link, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
  if (!response.ok) return [must(`${link} answers ${response.status}.`)];
  const explained = explainedIn(parseJson(await responseText(response, metadataMax)));
  const unknown = names.filter((name) => !explained.has(name));
  if (unknown.length === 0) return [];
  return [must(`${link} does not explain these columns: ${unknown.slice(0, 20).join(', ')}.`)];
}

/** The names of the columns that have a meaning. */
function explainedIn(metadata: Json): ReadonlySet<string> {
  const schema = isObject(metadata) ? metadata['tableSchema'] : undefined;
  const columns = isObject(schema) && isArray(schema['columns']) ? schema['columns'].filter(isObject) : [];
  return new Set(
    columns.flatMap(({ titles, 'dc:description': about }) =>
      typeof titles === 'string' && typeof about === 'string' ? [titles] : [],
    ),
  );
}
