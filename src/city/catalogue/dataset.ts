/** The datasets of the catalogue: which entities describe one, which are public, and by which name each is known in URLs. */
import { createHash } from 'node:crypto';
import type { Description } from './description.ts';
import { conceptOf, highValueLaw, publicAccess } from './vocabulary.ts';

export interface Dataset {
  readonly about: Description;
  /** Its name in URLs and in CKAN: 2 to 100 of a-z, 0-9 and hyphens, unique among the datasets of a tenant. */
  readonly slug: string;
}

const slugPattern = /^[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])$/;

/** True for a text that can be the name of a dataset in URLs. */
export const isSlug = (text: string): boolean => slugPattern.test(text);

/**
 * The datasets with their names, in the order of creation. The name is the attribute `slug`, or made of the id. Of two datasets that would
 * have the same name, the older one keeps it, and the name of the other one gets a hash of its id.
 */
export function nameDatasets(descriptions: readonly Description[]): readonly Dataset[] {
  const taken = new Set<string>();
  const named = descriptions.map((about) => {
    const slug = about.text('slug');
    const isUsable = slug !== undefined && isSlug(slug) && !taken.has(slug);
    if (isUsable) taken.add(slug);
    return { about, slug: isUsable ? slug : undefined };
  });
  return named.map(({ about, slug }) => {
    if (slug !== undefined) return { about, slug };
    const short = slugOf(about.id);
    const made = isSlug(short) && !taken.has(short) ? short : `${short.slice(0, 80)}-${hashOf(about.id)}`;
    taken.add(made);
    return { about, slug: made };
  });
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 10);

/** A text as a name in URLs: letters without accents, and hyphens between them. It may be too short. */
export const slugOf = (text: string): string =>
  text
    .replace(/^urn:ngsi-ld:[A-Za-z]+:/, '')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 90)
    .replace(/^-|-$/g, '') || 'x';

/**
 * True for a dataset of the public catalogue: its access is PUBLIC, the data officer does not hold it back (`isPublished` false), and it has
 * no class of personal data. A class in a form that cannot be read counts as one.
 */
export function isPublic({ text, texts, value }: Description): boolean {
  const rights = text('accessRights');
  const personal = value('personalData') === undefined ? ['none'] : texts('personalData');
  return (
    rights !== undefined &&
    conceptOf('access-right', rights) === publicAccess &&
    value('isPublished') !== false &&
    personal.length > 0 &&
    personal.every((name) => name === 'none')
  );
}

/** True for a dataset that the data officer has declared a high-value dataset (Regulation (EU) 2023/138). */
export const isHighValue = ({ value }: Description): boolean => value('isHighValue') === true;

/** The laws that a dataset falls under. A high-value dataset falls under the regulation on them. */
export function lawsOf(about: Description): readonly string[] {
  const laws = about.texts('applicableLegislation');
  return isHighValue(about) ? [...new Set([...laws, highValueLaw])] : laws;
}

/** Who answers for it, by id or name: the publisher, else the owner. */
export const responsible = ({ text }: Description): string | undefined => text('publisher') ?? text('owner');
