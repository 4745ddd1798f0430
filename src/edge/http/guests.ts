/** Answers requests of another project's API, which has paths of its own beside the broker's. */
import type { Guest, GuestAnswer } from '../../core/operation/guest.ts';
import type { Arrivals } from './arrivals.ts';
import { readText } from './body.ts';
import { originOf } from './read.ts';
import { type Exchange, jsonReply, type Reply } from './reply.ts';
import type { Route, Routes } from './routes.ts';
import { plainReply } from './write.ts';

/** True when a path begins as one of theirs does. */
export const isGuestPath = (guests: Routes<Guest>, path: string): boolean =>
  guests.fixed.has(path.split('/', 2)[1] ?? '');

/** Throws Problem, Refusal 413, and ClientGone. */
export async function replyOfGuest(
  exchange: Exchange,
  { operation: guest, path }: Route<Guest>,
  arrivals: Arrivals,
): Promise<Reply> {
  const { headers } = exchange.request;
  const text = await readText(exchange, guest.bodyBytesMax, arrivals);
  return guestReply(guest.answer({ path, headers, text, ...originOf(headers.host) }));
}

const guestReply = (answer: GuestAnswer): Reply =>
  answer.kind === 'made' ? jsonReply(201, answer.body, { Location: answer.location }) : plainReply(answer);
