/** Writes the notifications of one subscription as frames, with several changes per frame when available. */
import type { Entity } from '../../core/model/entity.ts';
import type { Services } from '../../core/operation/operation.ts';
import type { LogRecord, Position } from '../../core/port/store.ts';
import { notificationId, notificationTexts, renderPresent } from '../../core/subscription/notification.ts';
import type { ChangeView } from '../../core/subscription/plan.ts';
import { positionText } from '../../core/port/position.ts';
import type { Feed } from './feed.ts';
import { frameBytes } from './limits.ts';

/** Changes that go into one frame. */
interface Bundle {
  readonly entities: readonly string[];
  /** The position of the last change. */
  readonly position: Position;
}

export interface NotificationWriter {
  /** Renders changes in order, bundled up to the frame size. Rendering is lazy. */
  bundles(records: readonly LogRecord[]): Iterable<Bundle>;
  /** Renders entities of a snapshot, bundled likewise. */
  present(entities: readonly Entity[]): Iterable<readonly string[]>;
  /** Writes one notification. Without a position it is part of a snapshot. */
  notify(entities: readonly string[], position?: Position): void;
  mark(mark: Mark, position: Position): void;
}

/**
 * `gap`: changes up to this position are lost. `snapshot`: the snapshot is complete and includes all changes up to this position.
 * `position`: no further matching changes up to this position.
 */
export type Mark = 'gap' | 'snapshot' | 'position';

/** How a binding encodes notifications and marks. Positions are text for the client. */
export interface NotificationFormat {
  /**
   * Sends a notification, given as texts to be joined. Without a position it is part of a snapshot, from which the client cannot resume.
   */
  notification(texts: readonly string[], position: string | undefined): void;
  mark(mark: Mark, position: string): void;
}

export interface NotificationWriterOptions {
  readonly subscriptionId: string;
  readonly changeView: ChangeView;
  readonly format: NotificationFormat;
  readonly feed: Feed;
  readonly services: Services;
}

export function createNotificationWriter({
  subscriptionId,
  changeView,
  format,
  feed,
  services,
}: NotificationWriterOptions): NotificationWriter {
  const nextId = (position: string | undefined): string =>
    position === undefined ? services.ids.next('Notification') : notificationId(subscriptionId, position);
  return {
    *bundles(records) {
      const texts = records.map((record) => ({
        position: record.position,
        write: () => feed.renderer.render(record, changeView),
      }));
      for (const bundle of bundled(texts)) {
        yield { entities: bundle.map(({ text }) => text), position: bundle.at(-1)?.position ?? 0 };
      }
    },
    *present(entities) {
      const texts = entities.map((entity) => ({
        position: 0,
        write: () => JSON.stringify(renderPresent(entity, changeView)),
      }));
      for (const bundle of bundled(texts)) yield bundle.map(({ text }) => text);
    },
    notify(entities, position) {
      const at = position === undefined ? undefined : positionText(feed.epoch, position);
      const notification = notificationTexts({
        id: nextId(at),
        subscriptionId,
        notifiedAt: services.clock.now(),
        entities,
      });
      format.notification(notification, at);
    },
    mark: (mark, position) => format.mark(mark, positionText(feed.epoch, position)),
  };
}

interface LazyText {
  readonly position: Position;
  readonly write: () => string;
}
interface RenderedText {
  readonly position: Position;
  readonly text: string;
}

function* bundled(texts: readonly LazyText[]): Iterable<readonly RenderedText[]> {
  let bundle: RenderedText[] = [];
  let size = 0;
  for (const { position, write } of texts) {
    const text = write();
    if (bundle.length > 0 && size + text.length > frameBytes) {
      yield bundle;
      bundle = [];
      size = 0;
    }
    bundle.push({ position, text });
    size += text.length;
  }
  if (bundle.length > 0) yield bundle;
}
