/** The changes of one tenant for all its consumers: those who are up to date are handed what comes, the others read on by themselves. */
import type { World } from '../../core/operation/operation.ts';
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
  /** Writes a change once for all who want it in the same words. */
  readonly renderer: ChangeRenderer;
  /** The next records behind a position, for a consumer that is not up to date. */
  readPage(after: Position): Promise<LogPage>;
  /** Takes in a consumer that has seen everything up to `seen`. False when the feed is ahead of it. */
  join(consumer: LiveConsumer, seen: Position): boolean;
  leave(consumer: LiveConsumer): void;
  /** Live consumers have got what concerns them up to here. */
  deliveredTo(): Position;
  close(): void;
}

async function openFeed(store: Store, world: World): Promise<Feed> {
  const epoch = await epochOf(store, world.ids);
  const matchers = createAudienceMatchers();
  const dispatcher = createLogDispatcher({ log: store.log, world, matchers, start: await store.log.position() });
  const stop = store.log.follow(dispatcher.advance);
  // What was committed between the asking and the following is announced to nobody.
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

/** A feed in use; to be released once. */
export interface FeedReference {
  readonly feed: Feed;
  release(): void;
}

interface Used {
  readonly feed: Promise<Feed | undefined>;
  users: number;
}

/** Answers the feed of a tenant, the same for all who use it at a time; undefined when there is no such tenant. */
export type OpenFeed = (tenant: string) => Promise<FeedReference | undefined>;

export function createFeeds(world: World): OpenFeed {
  const feeds = new Map<string, Used>();
  const open = async (tenant: string): Promise<Feed | undefined> => {
    const store = await world.stores.open(tenant, false);
    return store && openFeed(store, world);
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
