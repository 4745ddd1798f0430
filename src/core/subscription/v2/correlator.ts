/** Gives notifications of NGSI v2 their correlators, by which a subscription also finds that it is triggered by its own notifications. */
import type { Change } from '../../model/change.ts';
import type { Sending } from '../dialect.ts';

const mark = '; cbnotif=';

/** A correlator without what notifications append to it. */
const rootOf = (correlator: string): string => correlator.split(mark)[0] ?? '';

/**
 * The correlator of the request that caused a change, or else one with the form of a UUID. Each attempt at a notification has the same, so
 * that a receiver can tell a repeat.
 */
export const correlatorOf = ({ correlator }: Change, { position }: Pick<Sending, 'position'>): string =>
  `${correlator === undefined ? correlatorAt(position) : rootOf(correlator)}${mark}1`;

function correlatorAt(position: string): string {
  const [epoch = '', offset = '0'] = position.split('.');
  const digits = Number(offset).toString(16).padStart(20, '0') + epoch.padStart(12, '0');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** The correlators that a subscription has sent lately. */
export interface SentCorrelators {
  add(correlator: string): void;
  /** True when a notification of the subscription caused the change: it would notify without end. */
  isCauseOf(change: Change): boolean;
}

/** Loops that come back later than this many notifications go on. */
const keptMax = 1000;

export function createSentCorrelators(): SentCorrelators {
  const sent = new Set<string>();
  return {
    add(correlator) {
      sent.add(rootOf(correlator));
      const [oldest] = sent;
      if (sent.size > keptMax && oldest !== undefined) sent.delete(oldest);
    },
    isCauseOf: ({ correlator }) => correlator?.includes(mark) === true && sent.has(rootOf(correlator)),
  };
}
