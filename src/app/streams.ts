/** Opens and closes the bindings of the stream. */
import { operations } from '../core/operation/table.ts';
import type { Services } from '../core/operation/operation.ts';
import { createFeeds } from '../edge/stream/feed.ts';
import { createNgsiProxy, type NgsiProxy } from '../edge/stream/proxy/proxy.ts';
import { createEventStreams, type EventStreams } from '../edge/stream/sse/streams.ts';
import { createStream, type Stream } from '../edge/stream/ws/stream.ts';
import type { TrustedProxies } from '../edge/trusted-proxies.ts';
import type { Access } from './access.ts';
import type { Config } from './config/options.ts';

/** How long an event source of ngsi-proxy waits for its client to reconnect. ngsi-proxy uses the same time. */
const idleTimeoutMs = 24 * 60_000;

/** The bindings of the stream, which share the feeds. */
export interface Streams {
  readonly stream: Stream;
  readonly events: EventStreams;
  readonly proxy?: NgsiProxy;
}

export function openStreams(
  config: Config,
  services: Services,
  { access, proxies }: { readonly access: Access; readonly proxies: TrustedProxies },
): Streams {
  const openFeed = createFeeds(services);
  const limits = {
    connectionsMax: config.streamConnectionsMax,
    subscriptionsMax: config.streamSubscriptionsMax,
    bufferBytes: config.streamBufferBytes,
    frameBytesMax: config.streamFrameBytes,
    depthMax: config.depthMax,
    pingIntervalMs: config.streamPingMs,
  };
  return {
    events: createEventStreams({ services, openFeed, limits }),
    ...(config.ngsiProxy ? { proxy: createNgsiProxy({ services, limits, idleTimeoutMs }) } : undefined),
    stream: createStream({
      services,
      operations,
      openFeed,
      limits,
      isDeflated: config.streamDeflate,
      proxies,
      ...(access.authenticate ? { authenticate: access.authenticate } : undefined),
      ...(config.corsOrigin === '' ? undefined : { allowedOrigins: [config.corsOrigin] }),
    }),
  };
}

export async function closeStreams({ stream, events, proxy }: Streams): Promise<void> {
  events.close();
  proxy?.close();
  await stream.close();
}
