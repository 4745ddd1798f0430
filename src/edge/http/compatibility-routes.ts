/** Answers requests to the compatibility API of another project. Its paths lie outside the NGSI-LD API. */
import type { CompatibilityRoute, CompatibilityResult } from '../../core/operation/compatibility-route.ts';
import type { TrustedProxies } from '../trusted-proxies.ts';
import type { BodyBudget } from './body-budget.ts';
import { readText } from './body.ts';
import { originOf } from './read.ts';
import { type Exchange, jsonReply, type Reply } from './reply.ts';
import type { Route, Routes } from './routes.ts';
import { plainReply } from './write.ts';

/** True when the first segment of a path belongs to a compatibility route. Beside the NGSI-LD API, that is all below `/ngsi-ld/ex`. */
export const isCompatibilityPath = (compatibilityRoutes: Routes<CompatibilityRoute>, path: string): boolean =>
  path.startsWith('/ngsi-ld/')
    ? path.startsWith('/ngsi-ld/ex/')
    : compatibilityRoutes.fixed.has(path.split('/', 2)[1] ?? '');

/** Throws Problem, Refusal 413, and ClientGone. */
export async function replyOfCompatibilityRoute(
  exchange: Exchange,
  { operation: route, path }: Route<CompatibilityRoute>,
  { bodyBudget, proxies }: { readonly bodyBudget: BodyBudget; readonly proxies: TrustedProxies },
): Promise<Reply> {
  const { request } = exchange;
  const { headers, socket } = request;
  const text = await readText(exchange, route.bodyBytesMax, bodyBudget);
  return compatibilityReply(await route.answer({ path, headers, socket, text, ...originOf(request, proxies) }));
}

function compatibilityReply(answer: CompatibilityResult): Reply {
  switch (answer.kind) {
    case 'made':
      return jsonReply(201, answer.body, { Location: answer.location });
    case 'json':
      return jsonReply(answer.status, answer.body, answer.headers);
    default:
      return plainReply(answer);
  }
}
