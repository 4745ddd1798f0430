/** Reads the Prefer header (RFC 7240): which version of the standard is wanted, and where the @context of GeoJSON goes. */
import { ownVersion } from '../../core/representation/conform.ts';

export interface Preferences {
  /** The minor number of the version wanted, never above the broker's own (clause 6.3.21). */
  readonly version?: number;
  /** The @context of GeoJSON goes into the Link header (clause 6.3.15). */
  readonly isContextInLink?: boolean;
}

/** Preferences that are not known, or cannot be read, do not count. */
export function readPreferences(header: string | undefined): Preferences {
  if (header === undefined) return {};
  const preferences = new Map(header.split(',').map(readPreference));
  const minor = /^1\.(\d{1,3})(?:\.\d+)?$/.exec(preferences.get('ngsi-ld') ?? '')?.[1];
  return {
    ...(minor === undefined ? undefined : { version: Math.min(Number(minor), ownVersion) }),
    ...(preferences.get('body') === 'json' ? { isContextInLink: true } : undefined),
  };
}

/** Name in lower case and value without quotes; parameters of a preference do not matter here. */
function readPreference(text: string): readonly [string, string] {
  const [preference = ''] = text.split(';');
  const [name = '', value = ''] = preference.split('=');
  return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')];
}
