/** Finds what the description of a dataset lacks of what portals want. */
import { responsible } from './dataset.ts';
import type { Description } from './description.ts';
import { licenceOf } from './vocabulary.ts';

interface Missing {
  /** The attribute of the dataset that would say it. */
  readonly term: string;
  /** A sentence. */
  readonly message: string;
}

export function missingIn(about: Description): readonly Missing[] {
  const { text, texts, localTexts } = about;
  const inSlovene = (term: string): boolean =>
    localTexts(term).some(({ language = 'sl' }) => language.startsWith('sl'));
  const licence = text('license');
  const wanted: readonly (readonly [term: string, isThere: boolean, message: string])[] = [
    ['title', inSlovene('title'), 'A title in Slovene.'],
    ['description', inSlovene('description'), 'A description in Slovene.'],
    ['publisher', responsible(about) !== undefined, 'A publisher or an owner.'],
    ['contactPoint', texts('contactPoint').length > 0, 'A contact.'],
    ['license', licence !== undefined && licenceOf(licence) !== undefined, 'A licence that is an IRI.'],
    ['accessRights', text('accessRights') !== undefined, 'The access rights.'],
    ['personalData', text('personalData') !== undefined, 'The class of personal data; none is one of them.'],
    ['theme', texts('theme').length > 0, 'A theme.'],
    ['accrualPeriodicity', text('accrualPeriodicity') !== undefined, 'The frequency of updates.'],
    ['purpose', text('purpose') !== undefined, 'The purpose.'],
    ['retentionPeriod', text('retentionPeriod') !== undefined, 'The retention period.'],
  ];
  return wanted.flatMap(([term, isThere, message]) => (isThere ? [] : [{ term, message }]));
}
