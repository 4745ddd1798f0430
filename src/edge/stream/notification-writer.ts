/** Writes the notifications of one subscription as frames, with several changes per frame when available. */
import type { Entity } from '../../core/model/entity.ts';
import type { Services } from '../../core/operation/operation.ts';
import type { LogRecord, Position } from '../../core/port/store.ts';
import { notificationId, notificationTexts, renderPresent } from '../../core/subscription/notification.ts';
import type { ChangeView } from '../../core/subscription/plan.ts';
import { positionText } from '../../core/port/position.ts';
import type { Feed } from './feed.ts';
import { frameBytes } from './limits.ts';

/** Changes, or entities of a snapshot, that go into one frame. */
interface Bundle {
  readonly shown: readonly ShownEntity[];
  /** The position of the last change. */
  readonly position: Position;
}

interface ShownEntity {
  readonly entity: Entity;
  readonly text: string;
}

export interface NotificationWriter {
  /** Renders changes in order, bundled up to the frame size. Rendering is lazy. */
  bundles(records: readonly LogRecord[]): Iterable<Bundle>;
  /** Renders entities of a snapshot, bundled likewise. */
  present(entities: readonly Entity[]): Iterable<Bundle>;
  /** Writes one notification. Without a position it is part of a snapshot. */
  notify(shown: Bundle['shown'], position?: Position): void;
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
  /** Notes an entity for the audit. Absent: there is none. */
  readonly note?: ((entity: Entity) => void) | undefined;
}

export function createNotificationWriter({
  subscriptionId,
  changeView,
  format,
  feed,
  services,
  note,
}: NotificationWriterOptions): NotificationWriter {
  const nextId = (position: string | undefined): string =>
    position === undefined ? services.ids.next('Notification') : notificationId(subscriptionId, position);
  return {
    *bundles(records) {
      const texts = records.map((record) => ({
        ...{ entity: record.entity, position: record.position },
        write: () => feed.renderer.render(record, changeView),
      }));
      yield* bundled(texts);
    },
    *present(entities) {
      const texts = entities.map((entity) => ({
        ...{ entity, position: 0 },
        write: () => JSON.stringify(renderPresent(entity, changeView)),
      }));
      yield* bundled(texts);
    },
    notify(shown, position) {
      if (note) for (const { entity } of shown) note(entity);
      const at = position === undefined ? undefined : positionText(feed.epoch, position);
      const notification = notificationTexts({
        id: nextId(at),
        subscriptionId,
        notifiedAt: services.clock.now(),
        entities: shown.map(({ text }) => text),
      });
      format.notification(notification, at);
    },
    mark: (mark, position) => format.mark(mark, positionText(feed.epoch, position)),
  };
}

interface LazyText {
  readonly entity: Entity;
  readonly position: Position;
  readonly write: () => string;
}

function* bundled(texts: readonly LazyText[]): Iterable<Bundle> {
  let shown: ShownEntity[] = [];
  let [size, last] = [0, 0];
  for (const { entity, position, write } of texts) {
    const text = write();
    if (shown.length > 0 && size + text.length > frameBytes) {
      yield { shown, position: last };
      shown = [];
      size = 0;
    }
    shown.push({ entity, text });
    size += text.length;
    last = position;
  }
  if (shown.length > 0) yield { shown, position: last };
}
