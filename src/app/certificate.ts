/** Reads the certificate that the options name. */
import { type Certificate, readCertificate } from '../edge/http/certificate.ts';
import type { Config } from './config/options.ts';

/** Undefined: the broker speaks plain HTTP. Throws an Error that names the files. */
export async function openCertificate({
  tlsCert: certFile,
  tlsKey: keyFile,
}: Pick<Config, 'tlsCert' | 'tlsKey'>): Promise<Certificate | undefined> {
  if (certFile === '' && keyFile === '') return undefined;
  if (certFile === '' || keyFile === '') throw new Error('--tls-cert and --tls-key need each other.');
  try {
    return await readCertificate({ certFile, keyFile });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`The certificate ${certFile} and the key ${keyFile} cannot be used: ${reason}.`, { cause });
  }
}
