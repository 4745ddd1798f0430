/**
 * Renders Markdown as an HTML page. HTML in a document is shown as text (`html: false`), and links are limited to the schemes that
 * markdown-it takes as safe, so that a page contains no element that its author did not write in Markdown.
 */
import { posix } from 'node:path';
import MarkdownIt, { type Token } from 'markdown-it';

/** A document with its path relative to the folder of the package. */
interface Document {
  readonly file: string;
  readonly text: string;
}

interface PageOptions {
  /** The document whose section of paths becomes the navigation. */
  readonly first: Document;
  /** The page template with `{{title}}`, `{{navigation}}` and `{{text}}`. */
  readonly template: string;
  /** The path at which a file is served; undefined for a file that is not served. */
  readonly linkTo: (file: string) => string | undefined;
}

type LinkTo = PageOptions['linkTo'];

const markdown = new MarkdownIt({ html: false });

/** The heading of the section of paths in the first document. */
const pathsHeading = 'Where to go from here';

/** The HTML page of a document. */
export function renderDocument(document: Document, { first, template, linkTo }: PageOptions): string {
  const tokens = parseDocument(document, linkTo);
  const parts: Readonly<Record<string, string>> = {
    title: escapeHtml(titleOf(tokens) ?? document.file),
    navigation: navigationOf(parseDocument(first, linkTo), linkTo(document.file)),
    text: markdown.renderer.render(tokens, markdown.options, {}),
  };
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => parts[name] ?? '');
}

const { escapeHtml } = markdown.utils;

function parseDocument({ file, text }: Document, linkTo: LinkTo): Token[] {
  const tokens = markdown.parse(text, {});
  nameHeadings(tokens);
  for (const token of tokens) {
    classAlignment(token);
    for (const child of token.children ?? []) resolveImage(child, file, linkTo);
    resolveLinks(token.children ?? [], file, linkTo);
  }
  return tokens;
}

const attributeOf = (token: Token, name: string): string => String(token.attrGet(name) ?? '');

/** The text of a heading without its marks. */
const plainText = (token: Token | undefined): string => (token?.children ?? []).map(({ content }) => content).join('');

const titleOf = (tokens: readonly Token[]): string | undefined =>
  plainText(tokens[tokens.findIndex(({ type }) => type === 'heading_open') + 1]) || undefined;

/** Gives headings the ids that GitHub gives them, so that links to a part of a document work in both places. */
function nameHeadings(tokens: readonly Token[]): void {
  const counts = new Map<string, number>();
  for (const [index, token] of tokens.entries()) {
    if (token.type !== 'heading_open') continue;
    const name = plainText(tokens[index + 1])
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-');
    const count = counts.get(name) ?? 0;
    counts.set(name, count + 1);
    token.attrSet('id', count === 0 ? name : `${name}-${count}`);
  }
}

/** Markdown-it aligns a column with a `style` attribute, which the Content-Security-Policy of the pages forbids. */
function classAlignment(token: Token): void {
  const style = attributeOf(token, 'style');
  if (style === '') return;
  token.attrs = (token.attrs ?? []).filter(([name]) => name !== 'style');
  if (style === 'text-align:right') token.attrSet('class', 'number');
}

/** Points each relative link to where its file is served. The text of a link to a file that is not served remains without the link. */
function resolveLinks(children: readonly Token[], file: string, linkTo: LinkTo): void {
  let isServed = true;
  for (const token of children) {
    if (token.type === 'link_open') {
      const href = servedHref(attributeOf(token, 'href'), file, linkTo);
      isServed = href !== undefined;
      if (href === undefined) token.attrs = null;
      else token.attrSet('href', href);
    }
    if (!isServed && token.type.startsWith('link_')) token.tag = 'span';
  }
}

function resolveImage(token: Token, file: string, linkTo: LinkTo): void {
  if (token.type === 'image') token.attrSet('src', servedHref(attributeOf(token, 'src'), file, linkTo) ?? '');
}

/** The served address of a link target. Absolute URLs and fragments stay unchanged. */
function servedHref(href: string, file: string, linkTo: LinkTo): string | undefined {
  if (/^([a-z][a-z+.-]*:|#|\/)/i.test(href)) return href;
  const [target = '', fragment] = href.split('#');
  const path = linkTo(posix.join(posix.dirname(file), target));
  return path === undefined || fragment === undefined ? path : `${path}#${fragment}`;
}

/** The navigation from the section of paths: its headings name the readers, its links the documents. `current` is marked. */
function navigationOf(tokens: readonly Token[], current: string | undefined): string {
  const lines: string[] = [];
  let isInside = false;
  for (const [index, token] of tokens.entries()) {
    const heading = token.type === 'heading_open' ? plainText(tokens[index + 1]) : '';
    if (token.tag === 'h2' && heading !== '') isInside = heading === pathsHeading;
    else if (isInside && token.tag === 'h3' && heading !== '') lines.push(`<h2>${escapeHtml(heading)}</h2>`);
    else if (isInside) lines.push(...firstLinkOf(token.children ?? [], current));
  }
  return lines.join('\n');
}

/** The first link of a line. Further links belong to the explanation. */
function firstLinkOf(children: readonly Token[], current: string | undefined): readonly string[] {
  const [link, ...rest] = children;
  if (link?.type !== 'link_open') return [];
  const href = attributeOf(link, 'href');
  const mark = href === current ? ' aria-current="page"' : '';
  const end = rest.findIndex(({ type }) => type === 'link_close');
  const name = rest
    .slice(0, end)
    .map(({ content }) => content)
    .join('');
  return [`<a href="${escapeHtml(href)}"${mark}>${escapeHtml(name)}</a>`];
}
