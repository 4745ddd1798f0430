/** Provides the changes of a tenant to all its consumers. Up-to-date consumers receive records live; the others read pages of the log. */
import type { Services } from '../../core/operation/operation.ts';
import type { Position, Store } from '../../core/port/store.ts';
import { createChangeRenderer, type ChangeRenderer } from '../../core/subscription/notification.ts';
import { epochOf } from '../../core/port/position.ts';
import type { LogPage } from '../../core/subscription/read-log.ts';
import { createAudienceMatchers, type LiveConsumer } from './audience-matchers.ts';
import { createPages } from './pages.ts';
import { createLogDispatcher } from './log-dispatcher.ts';

export interface Feed {
  readonly epoch: string;
  readonly store: Store;
  /** Renders a change once for all consumers that need the same representation. */
  readonly renderer: ChangeRenderer;
  /** Reads the records after a position, for a consumer that is not up to date. */
  readPage(after: Position): Promise<LogPage>;
  /** Adds a consumer that has seen everything up to `seen`. False when the feed is ahead of it. */
  join(consumer: LiveConsumer, seen: Position): boolean;
  leave(consumer: LiveConsumer): void;
  /** The position up to which live consumers have received all matching records. */
  deliveredTo(): Position;
  close(): void;
}

async function openFeed(store: Store, services: Services): Promise<Feed> {
  const epoch = await epochOf(store, services.ids);
  const matchers = createAudienceMatchers();
  const dispatcher = createLogDispatcher({ log: store.log, services, matchers, start: await store.log.position() });
  const stop = store.log.follow(dispatcher.advance);
  // A commit between `position()` and `follow()` is not announced, so ask for it here.
  await dispatcher.catchUp();
  return {
    epoch,
    store,
    renderer: createChangeRenderer(),
    readPage: createPages(store.log),
    join: (consumer, seen) => {
      if (seen < dispatcher.matchedTo()) return false;
      matchers.add(consumer);
      return true;
    },
    leave: matchers.remove,
    deliveredTo: dispatcher.deliveredTo,
    close: () => {
      stop();
      dispatcher.stop();
    },
  };
}

/** A reference to a feed. Call `release` once. */
export interface FeedReference {
  readonly feed: Feed;
  release(): void;
}

interface Used {
  readonly feed: Promise<Feed | undefined>;
  users: number;
}

/** Returns the feed of a tenant, shared by all its users; undefined when the tenant does not exist. */
export type OpenFeed = (tenant: string) => Promise<FeedReference | undefined>;

export function createFeeds(services: Services): OpenFeed {
  const feeds = new Map<string, Used>();
  const open = async (tenant: string): Promise<Feed | undefined> => {
    const store = await services.stores.open(tenant, false);
    return store && openFeed(store, services);
  };
  const release = (tenant: string, used: Used): void => {
    used.users -= 1;
    if (used.users > 0) return;
    feeds.delete(tenant);
    used.feed.then(
      (feed) => feed?.close(),
      () => undefined,
    );
  };
  return async (tenant) => {
    const used = feeds.get(tenant) ?? { feed: open(tenant), users: 0 };
    feeds.set(tenant, used);
    used.users += 1;
    let feed: Feed | undefined;
    try {
      feed = await used.feed;
    } finally {
      if (!feed) release(tenant, used);
    }
    return feed && { feed, release: () => release(tenant, used) };
  };
}
