/** Tells which grants an identity receives. */
import type { Identity } from './identity.ts';

/** All that the member `to` of a grant to this identity may be. */
export const receiversOf = ({ kind, subject, roles }: Identity): readonly string[] =>
  kind === 'anonymous'
    ? ['public']
    : ['public', 'authenticated', subject, ...new Set(roles.map((role) => `role:${role}`))];
