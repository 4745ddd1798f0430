/** Reads the Prefer header (RFC 7240): the wanted version of the standard, the place of the @context in GeoJSON responses, and warnings of data models. */
import { ownVersion } from '../../core/representation/conform.ts';

export interface Preferences {
  /** The minor number of the wanted version, at most the broker's own (clause 6.3.21). */
  readonly version?: number;
  /** What the draft of NGSI-LD 2.0 does otherwise is wanted. */
  readonly wantsDraft?: boolean;
  /** The @context of GeoJSON goes into the Link header (clause 6.3.15). */
  readonly isContextInLink?: boolean;
  /** The answer to a batch contains the warnings of data models (our own). */
  readonly wantsModelWarnings?: boolean;
}

/** Ignores preferences that are unknown or malformed. */
export function readPreferences(header: string | undefined): Preferences {
  if (header === undefined) return {};
  const preferences = new Map(header.split(',').map(readPreference));
  const version = preferences.get('ngsi-ld') ?? '';
  const minor = /^1\.(\d{1,3})(?:\.\d+)?$/.exec(version)?.[1];
  return {
    ...(minor === undefined ? undefined : { version: Math.min(Number(minor), ownVersion) }),
    ...(/^2\.0(?:\.\d+)?$/.test(version) ? { wantsDraft: true } : undefined),
    ...(preferences.get('body') === 'json' ? { isContextInLink: true } : undefined),
    ...(preferences.has('model-warnings') ? { wantsModelWarnings: true } : undefined),
  };
}

/** The name in lower case and the value without quotes. Parameters of a preference are ignored. */
function readPreference(text: string): readonly [string, string] {
  const [preference = ''] = text.split(';');
  const [name = '', value = ''] = preference.split('=');
  return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')];
}
