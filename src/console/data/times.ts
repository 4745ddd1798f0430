/** Writes times as people of the chosen language read them, in the time zone of the browser. */
import { signal } from '@preact/signals';
import { say } from '../words/words.ts';
import { language } from './session.ts';

/** The present time in milliseconds, for ages. It moves on every five seconds. */
const now = signal(Date.now());
window.setInterval(() => {
  now.value = Date.now();
}, 5000);

const steps: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

/** How long ago a time was, such as `3 minutes ago`. */
export function formatAge(at: number | undefined): string {
  if (at === undefined || Number.isNaN(at)) return say('ago.none');
  const seconds = (now.value - at) / 1000;
  if (Math.abs(seconds) < 5) return say('ago.now');
  const [unit, length] = steps.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
  const format = new Intl.RelativeTimeFormat(language.value, { style: 'short', numeric: 'always' });
  return format.format(-Math.round(seconds / length), unit);
}

export const formatTime = (at: number): string =>
  new Date(at).toLocaleString(language.value, { dateStyle: 'medium', timeStyle: 'medium' });

/** A time as text of an attribute; texts that are no times stay as they are. */
export function formatTimeText(text: string): string {
  const at = Date.parse(text);
  return Number.isNaN(at) ? text : formatTime(at);
}

/** A time to the minute, where there is little room. */
export const formatMinute = (at: number): string =>
  new Date(at).toLocaleString(language.value, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
