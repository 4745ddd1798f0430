/**
 * Loads remote @contexts: within limits, one fetch per URL at a time, cached in memory and on disk. Private networks are blocked
 * by default.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type CacheShare, createBoundedCache } from '../../core/jsonld/bounded-cache.ts';
import type { LoadDocument } from '../../core/jsonld/resolve.ts';
import { createSingleFlight } from '../../core/jsonld/single-flight.ts';
import { isObject, type Json, parseJson } from '../../core/model/json.ts';
import { badData, Problem, type ProblemReport } from '../../core/model/problem.ts';
import type { Documents } from '../../core/port/documents.ts';
import type { Observe } from '../../core/port/observe.ts';
import { createDiskCache } from './disk-cache.ts';
import { type FetchLimits, fetchText } from './fetch-text.ts';

export interface DocumentLoaderOptions {
  /** Folder of the disk cache. Without it, loaded documents are lost when the broker stops. */
  readonly directory?: string;
  /** Local files by URL; a file replaces the document at its URL. */
  readonly preload: Readonly<Record<string, string>>;
  /** True when private and local addresses are allowed too. */
  readonly allowPrivate: boolean;
  /** Timeout for one document, including redirects and body. */
  readonly timeoutMs?: number;
  /** Maximum size of a document in bytes. */
  readonly bytesMax?: number;
  readonly redirectsMax?: number;
  /** Time in milliseconds for which a failed URL is not fetched again. */
  readonly failureTtlMs?: number;
  /** What documents in memory may hold; absent: 16 MiB. */
  readonly cache?: CacheShare;
  readonly observe: Observe;
}

export interface DocumentLoader extends Documents {
  /** Throws LdContextNotAvailable when the document cannot be fetched, BadRequestData when it is not JSON (clause 5.5.6). */
  readonly load: LoadDocument;
  /** Aborts loads in progress; their callers get LdContextNotAvailable. */
  close(): void;
}

interface Failure {
  readonly report: ProblemReport;
  /** Expiry time on the clock of performance.now. */
  readonly untilMs: number;
}

/** A document and its size in bytes. */
interface Loaded {
  readonly document: Json;
  readonly bytes: number;
}

const documentsMax = 1000;
const defaultCache: CacheShare = { bytesMax: 16 * 2 ** 20 };
/** Bytes that a parsed document takes for each byte of its text, about. */
const parsedBytes = 2;
/** Maximum nesting depth of a document; the same as the default for bodies. */
const depthMax = 64;
const failureBounds = { entriesMax: 10_000, weightMax: Number.POSITIVE_INFINITY };

export function createDocumentLoader(options: DocumentLoaderOptions): DocumentLoader {
  const closing = new AbortController();
  const memory = createMemory(options);
  const source = createSource(options, closing.signal);
  const flight = createSingleFlight<Json>();
  let forgotten = 0;
  const loadOnce = async (url: string): Promise<Json> => {
    const began = forgotten;
    try {
      const loaded = (await source.findKept(url)) ?? (await source.fetch(url));
      if (began === forgotten) memory.keep(url, loaded);
      return loaded.document;
    } catch (cause) {
      const problem = problemOf(url, cause);
      options.observe({ kind: 'contextFailed', url, reason: problem.message });
      if (!closing.signal.aborted) memory.keepFailure(url, problem.report);
      throw problem;
    }
  };
  return {
    load: async (url) => memory.recall(url) ?? flight(`${forgotten} ${url}`, () => loadOnce(url)),
    forget: async (url) => {
      await source.forget(url);
      forgotten += 1;
      memory.forget(url);
    },
    reload: async (url, check) => {
      const loaded = await source.fetch(url, check).catch((cause: unknown) => {
        throw problemOf(url, cause);
      });
      forgotten += 1;
      memory.keep(url, loaded);
    },
    close: () => closing.abort(new Error('the broker stops')),
  };
}

/** In-memory cache of documents and of recent failures. */
interface Memory {
  /** Returns the cached document. Throws the problem of a cached failure. Undefined: not cached. */
  recall(url: string): Json | undefined;
  keep(url: string, loaded: Loaded): void;
  keepFailure(url: string, report: ProblemReport): void;
  forget(url: string): void;
}

function createMemory({ failureTtlMs = 60_000, cache = defaultCache }: DocumentLoaderOptions): Memory {
  const documents = createBoundedCache<Json>({
    entriesMax: documentsMax,
    weightMax: cache.bytesMax,
    ...(cache.onBytes ? { onWeight: cache.onBytes } : undefined),
  });
  const failures = createBoundedCache<Failure>(failureBounds);
  return {
    recall: (url) => {
      const document = documents.get(url);
      if (document !== undefined) return document;
      const failure = failures.get(url);
      if (failure === undefined || failure.untilMs <= performance.now()) return undefined;
      throw new Problem(failure.report.type, failure.report.detail);
    },
    keep: (url, { document, bytes }) => {
      failures.delete(url);
      documents.set(url, document, bytes * parsedBytes);
    },
    keepFailure: (url, report) => failures.set(url, { report, untilMs: performance.now() + failureTtlMs }, 1),
    forget: (url) => {
      documents.delete(url);
      failures.delete(url);
    },
  };
}

/** Source of documents: preloaded files, the disk cache, the network. */
interface Source {
  /** Reads the disk cache. Undefined when nothing is cached, or when a file replaces the URL. */
  findKept(url: string): Promise<Loaded | undefined>;
  /** Reads the current document from the file or the network. A network document is cached on disk unless `check` throws. */
  fetch(url: string, check?: (document: Json) => Promise<void>): Promise<Loaded>;
  forget(url: string): Promise<void>;
}

function createSource(options: DocumentLoaderOptions, signal: AbortSignal): Source {
  const { directory, preload, observe } = options;
  const disk = directory === undefined ? undefined : createDiskCache(directory, observe);
  const limits = limitsOf(options, signal);
  const pathOf = (url: string): string | undefined => (Object.hasOwn(preload, url) ? preload[url] : undefined);
  return {
    findKept: async (url) => (pathOf(url) === undefined ? disk?.read(url) : undefined),
    fetch: async (url, check) => {
      const path = pathOf(url);
      const loaded = path === undefined ? await fetched(url, limits, observe) : await readPreloaded(url, path, observe);
      await check?.(loaded.document);
      if (path === undefined) await disk?.write(url, loaded.document);
      return loaded;
    },
    forget: async (url) => disk?.remove(url),
  };
}

const limitsOf = (options: DocumentLoaderOptions, signal: AbortSignal): FetchLimits => ({
  allowPrivate: options.allowPrivate,
  timeoutMs: options.timeoutMs ?? 5000,
  bytesMax: options.bytesMax ?? 2 ** 20,
  redirectsMax: options.redirectsMax ?? 5,
  signal,
});

/** Reads a preloaded file. Its path appears only in the log, not in the error. */
async function readPreloaded(url: string, path: string, observe: Observe): Promise<Loaded> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    observe({ kind: 'failed', where: 'reading a @context', about: `${path} for ${url}`, cause });
    throw new Error('the file that stands for it cannot be read');
  });
  return { document: parseDocument(url, text), bytes: text.length };
}

async function fetched(url: string, limits: FetchLimits, observe: Observe): Promise<Loaded> {
  const start = performance.now();
  const text = await fetchText(url, limits);
  const document = parseDocument(url, text);
  observe({ kind: 'contextLoaded', url, tookMs: performance.now() - start });
  return { document, bytes: text.length };
}

function parseDocument(url: string, text: string): Json {
  const document = parsed(url, text);
  if (isDeeper(document, depthMax)) throw badData(`The @context at ${url} is nested more than ${depthMax} deep.`);
  return document;
}

function parsed(url: string, text: string): Json {
  try {
    return parseJson(text);
  } catch (cause) {
    throw badData(`The @context at ${url} is not JSON: ${messageOf(cause)}.`);
  }
}

const isDeeper = (value: Json, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner: Json) => isDeeper(inner, levels - 1)));

const problemOf = (url: string, cause: unknown): Problem =>
  cause instanceof Problem
    ? cause
    : new Problem('LdContextNotAvailable', `The @context at ${url} cannot be had: ${messageOf(cause)}.`, cause);

/** The message of an error. A connection that failed at several addresses has one message for each. */
const messageOf = (cause: unknown): string =>
  cause instanceof AggregateError
    ? cause.errors.map(messageOf).join('; ')
    : cause instanceof Error
      ? cause.message
      : String(cause);

/**
 * Reads the index of preloaded files: a JSON object of URL to file path. Paths are relative to the folder of the index. Throws an
 * Error that names the index and the fault.
 */
export function readPreloadIndex(path: string): Readonly<Record<string, string>> {
  const index = readIndex(path);
  if (!isObject(index)) throw new Error(`${path} must hold a JSON object of URL to file.`);
  return Object.fromEntries(Object.entries(index).map(([url, file]) => [url, fileOf(path, url, file)]));
}

function readIndex(path: string): Json {
  try {
    return parseJson(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Error(`${path} cannot be read as an index of @contexts: ${messageOf(cause)}.`, { cause });
  }
}

function fileOf(path: string, url: string, file: Json): string {
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    throw new Error(`${path} lists ${JSON.stringify(url)}, which is no http or https URL.`);
  if (typeof file !== 'string' || file === '')
    throw new Error(`${path} must give a file for ${url}, not ${JSON.stringify(file)}.`);
  return resolve(dirname(path), file);
}
