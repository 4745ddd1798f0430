/** What the core asks of e-mail. */

interface Mail {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

/** A mail server, and the address that mails come from. */
export interface Mailer {
  /** Resolves when the mail server has taken the mail for all receivers. Throws an Error that says why it has not. */
  send(mail: Mail): Promise<void>;
}
