/** Holds the place in the console that the address names: `#/city/urn:…?area=Center`. */
import { signal } from '@preact/signals';

export interface Route {
  /** The parts of the path, decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

function read(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  return {
    path: path
      .split('/')
      .filter((part) => part !== '')
      .map(decoded),
    query: new URLSearchParams(query),
  };
}

/** A part of an address or an id without percent-encoding; one that is no encoding stays as it is. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const route = signal(read());
window.addEventListener('hashchange', () => {
  route.value = read();
});

/** The address of a place. */
export function addressOf(path: readonly string[], query: Readonly<Record<string, string>> = {}): string {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  return `#/${path.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`;
}

export const entityAddress = (id: string): string => addressOf(['city', id]);

export function goTo(address: string): void {
  location.hash = address;
}
