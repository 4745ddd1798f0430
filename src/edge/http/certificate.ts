/** Reads the certificate of the server and its key from files, and uses new ones when the files change. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions, type Server } from 'node:tls';
import type { Observe } from '../../core/port/observe.ts';

export interface CertificateFiles {
  /** PEM: the certificate of the server first, then those of its issuers. */
  readonly certFile: string;
  /** PEM, without a passphrase. */
  readonly keyFile: string;
}

/** A certificate with its key, and the files that they are from. */
export interface Certificate extends CertificateFiles {
  readonly secure: Required<Pick<SecureContextOptions, 'cert' | 'key' | 'minVersion'>>;
  readonly validTo: Date;
}

/** Older versions of TLS are broken (RFC 8996). */
const minVersion = 'TLSv1.2';

/** Throws an Error when a file cannot be read, is no PEM, or when the key is not that of the certificate. */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  const [cert, key] = await Promise.all([readFile(files.certFile, 'utf8'), readFile(files.keyFile, 'utf8')]);
  const secure = { cert, key, minVersion } as const;
  createSecureContext(secure);
  return { ...files, secure, validTo: new X509Certificate(cert).validToDate };
}

/**
 * How often the files are read, in milliseconds. Notices of the file system get lost on mounted volumes, and where a link to the files
 * changes.
 */
const pollMs = 2000;

/**
 * Makes the server use what is in the files, also when they change, until it closes. Files that cannot be used, or whose certificate has
 * ended, are reported, and the certificate before stays in use.
 */
export function keepCertificate(server: Server, first: Certificate, observe: Observe): void {
  let used = first;
  const use = (next: Certificate): void => {
    server.setSecureContext(next.secure);
    used = next;
    observe({ kind: 'certificateUsed', file: next.certFile, validTo: next.validTo.toISOString() });
  };
  use(first);
  let failure = { reason: '', times: 0 };
  const poll = async (): Promise<void> => {
    try {
      const next = await readCertificate(first);
      if (!isSame(next, used)) {
        refuseEnded(next);
        use(next);
      }
      failure = { reason: '', times: 0 };
    } catch (cause) {
      const reason = String(cause);
      failure = { reason, times: reason === failure.reason ? failure.times + 1 : 1 };
      // The two files are written one after the other, so a failure counts when it is there at the next look too. It is reported once.
      if (failure.times === 2) observe({ kind: 'failed', where: 'TLS certificate', about: first.certFile, cause });
    }
  };
  let polling = Promise.resolve();
  const timer = setInterval(() => {
    polling = polling.then(poll);
  }, pollMs);
  timer.unref();
  server.on('close', () => clearInterval(timer));
}

function refuseEnded({ validTo }: Certificate): void {
  if (validTo.getTime() < Date.now()) throw new Error(`The certificate ended at ${validTo.toISOString()}.`);
}

const isSame = ({ secure: one }: Certificate, { secure: other }: Certificate): boolean =>
  one.cert === other.cert && one.key === other.key;
