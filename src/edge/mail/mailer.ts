/** Sends e-mail through an SMTP server. */
import { createTransport } from 'nodemailer';
import { maskUris } from '../../core/model/secret.ts';
import type { Mailer } from '../../core/port/mailer.ts';

export interface MailerOptions {
  /** `smtp://` (with STARTTLS where the server offers it) or `smtps://`, with user and password if the server wants them. */
  readonly url: string;
  readonly from: string;
}

/** After so long without a connection, or without a word of the server, it counts as away. */
const timeoutMs = 15_000;

/** Connects for each mail anew: there are few. */
export function createMailer({ url, from }: MailerOptions): Mailer {
  const transport = createTransport({
    url,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ to, subject, text }) {
      const { rejected } = await transport.sendMail({ from, to: [...to], subject, text }).catch((cause: unknown) => {
        throw new Error(`The mail was not sent: ${maskUris(cause instanceof Error ? cause.message : String(cause))}`);
      });
      if (rejected.length > 0) throw new Error(`The mail server refuses the receivers ${rejected.join(', ')}.`);
    },
  };
}
