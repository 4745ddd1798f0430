/** Resolves references to other @contexts against the URL of the document that contains them (RFC 3986 clause 5.2). */

const parts = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?/;

interface Reference {
  readonly scheme: string | undefined;
  readonly authority: string | undefined;
  readonly path: string;
  readonly query: string;
}

function split(text: string): Reference {
  const [, scheme, authority, path = '', query = ''] = parts.exec(text) ?? [];
  return { scheme, authority, path, query };
}

const join = ({ scheme, authority, path, query }: Reference): string =>
  `${scheme === undefined ? '' : `${scheme}:`}${authority === undefined ? '' : `//${authority}`}${path}${query}`;

/** The absolute URL of `reference` in the document at `base`. A fragment is dropped. */
export function resolveReference(base: string, reference: string): string {
  const target = split(reference);
  if (target.scheme !== undefined) return join(target);
  const from = split(base);
  if (target.authority !== undefined) return join({ ...target, scheme: from.scheme });
  if (target.path === '') return join({ ...from, query: target.query === '' ? from.query : target.query });
  const path = target.path.startsWith('/')
    ? target.path
    : from.path.slice(0, from.path.lastIndexOf('/') + 1) + target.path;
  return join({ ...from, path: withoutDots(path.startsWith('/') ? path : `/${path}`), query: target.query });
}

/** Removes dot segments: `/a/./b/../c` becomes `/a/c`. */
function withoutDots(path: string): string {
  const segments = path.split('/').slice(1);
  const kept: string[] = [];
  for (const [index, segment] of segments.entries()) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
    if ((segment === '.' || segment === '..') && index === segments.length - 1) kept.push('');
  }
  return `/${kept.join('/')}`;
}
