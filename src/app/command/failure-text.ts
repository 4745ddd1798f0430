/** Describes why a command failed. Error codes of the system become sentences. */
import { maskUris } from '../../core/model/secret.ts';

/** The meaning of file system and network error codes. */
const meaning: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EISDIR: 'it is a folder, and a file is needed',
  ENOTDIR: 'it is a file, and a folder is needed',
  EEXIST: 'it is there already, and is no folder',
  EACCES: 'the system does not allow it',
  EPERM: 'the system does not allow it',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EMFILE: 'too many files are open',
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'there is no such host',
};

/** The message of the thrown value, without secrets of URLs. For a system error, the meaning of its code and the path. */
export const failureText = (error: unknown): string => maskUris(messageOf(causeOf(error)));

/** `fetch` has the cause of its failures in a member of its own. Where it tried several addresses, that has one cause for each. */
function causeOf(error: unknown): unknown {
  const cause = error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof AggregateError)) return cause;
  const causes: readonly unknown[] = cause.errors;
  return causes[0] ?? cause;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, path } = systemPartsOf(error);
  const words = code === undefined ? undefined : meaning[code];
  if (words === undefined || !error.message.includes(String(code))) return error.message;
  return path === undefined
    ? `${words.charAt(0).toUpperCase()}${words.slice(1)} (${error.message}).`
    : `${path}: ${words}.`;
}

const systemPartsOf = (error: NodeJS.ErrnoException): { readonly code?: string; readonly path?: string } => ({
  ...(error.code === undefined ? undefined : { code: error.code }),
  ...(typeof error.path === 'string' ? { path: error.path } : undefined),
});
