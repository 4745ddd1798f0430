/** Reads a file, a pasted text or an address of this host as a table. The content decides about the format, not the name. */
import { say } from '../words/words.ts';
import { readCsv } from './read-csv.ts';
import { readJson } from './read-json.ts';
import { bytesMax, SourceError, type SourceTable } from './table.ts';

export interface SourceOptions {
  /** Empty: guessed. */
  readonly delimiter: string;
  /** A label of TextDecoder. Empty: UTF-8, or windows-1250 where the bytes are no UTF-8. */
  readonly encoding: string;
}

/** Throws a SourceError, or an Error of the network. */
export async function readSource(bytes: ArrayBuffer, options: SourceOptions): Promise<SourceTable> {
  if (bytes.byteLength > bytesMax) throw new SourceError(say('import.tooLarge'));
  if (isZip(bytes)) {
    const { readXlsx } = await import('./read-xlsx.ts');
    return withRows(await readXlsx(bytes));
  }
  const text = decode(bytes, options.encoding);
  const first = text.trimStart()[0];
  return withRows(first === '{' || first === '[' ? readJson(text) : await readCsv(text, options.delimiter));
}

function withRows(table: SourceTable): SourceTable {
  if (table.rows.length === 0) throw new SourceError(say('import.noRows'));
  return table;
}

/** XLSX files are ZIP archives: they begin with `PK`. */
const isZip = (bytes: ArrayBuffer): boolean => {
  const [first, second] = new Uint8Array(bytes.slice(0, 2));
  return first === 0x50 && second === 0x4b;
};

function decode(bytes: ArrayBuffer, encoding: string): string {
  try {
    return new TextDecoder(encoding === '' ? 'utf-8' : encoding, { fatal: true }).decode(bytes);
  } catch {
    if (encoding !== '') throw new SourceError(say('import.wrongEncoding'));
    return new TextDecoder('windows-1250').decode(bytes);
  }
}

/** A file that is too large is not read. */
export async function readFile(file: File, options: SourceOptions): Promise<SourceTable> {
  if (file.size > bytesMax) throw new SourceError(say('import.tooLarge'));
  return readSource(await file.arrayBuffer(), options);
}

/** The content security policy of the page forbids other hosts. */
export async function readAddress(address: string, options: SourceOptions): Promise<SourceTable> {
  const url = new URL(address, location.href);
  if (url.origin !== location.origin) throw new SourceError(say('import.otherHost'));
  const answer = await fetch(url);
  if (!answer.ok) throw new SourceError(`HTTP ${answer.status}`);
  return readSource(await answer.arrayBuffer(), options);
}
