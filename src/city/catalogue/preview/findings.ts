/** Says what is wrong with the description of a dataset, and at which of its attributes. */
import type { Entity } from '../../../core/model/entity.ts';
import type { Models } from '../../../core/port/models.ts';
import type { Finding } from '../check/finding.ts';
import { type Dataset, isPublic, isSlug } from '../dataset.ts';
import { missingIn } from '../missing.ts';

export interface TermFinding {
  readonly severity: Finding['severity'];
  /** The attribute of the dataset. Absent: it concerns the dataset as a whole. */
  readonly term?: string;
  /** `missing`: there is no value. `other`: the message says it. */
  readonly rule: 'missing' | 'taken' | 'heldBack' | 'other';
  /** A sentence. */
  readonly message: string;
}

/** The attributes that become these properties of DCAT-AP. */
const terms: Readonly<Record<string, string>> = {
  'dct:title': 'title',
  'dct:description': 'description',
  'dct:publisher': 'publisher',
  'dct:creator': 'creator',
  'dcat:contactPoint': 'contactPoint',
  'dcat:theme': 'theme',
  'dcat:keyword': 'keyword',
  'dct:license': 'license',
  'dct:accessRights': 'accessRights',
  'dct:accrualPeriodicity': 'accrualPeriodicity',
  'dct:language': 'language',
  'dct:spatial': 'spatial',
  'dct:temporal': 'temporal',
  'dcatap:hvdCategory': 'hvdCategory',
};

interface Checked {
  readonly dataset: Dataset;
  /** What the check of the catalogue says of the record. */
  readonly ofRecord: readonly Finding[];
  readonly violations: ReturnType<Models['check']>;
}

/** Faults come first. Each attribute is named once, by its gravest finding. */
export function findingsOf({ dataset, ofRecord, violations }: Checked): readonly TermFinding[] {
  const { about } = dataset;
  const all: readonly TermFinding[] = [
    ...titleFindings(dataset),
    ...slugFindings(dataset),
    ...violations.refused.map((one) => ofModel('fault', one)),
    ...violations.warned.map((one) => ofModel('warning', one)),
    ...missingIn(about).map(({ term, message }) => ({ severity: 'warning', term, rule: 'missing', message }) as const),
    ...ofRecord.map(ofCheck),
    ...(isPublic(about) ? [] : [heldBack]),
  ];
  const faultsFirst = [...all].sort((a, b) => Number(a.severity !== 'fault') - Number(b.severity !== 'fault'));
  const byTerm = new Map(faultsFirst.toReversed().map((one) => [one.term ?? one.message, one]));
  return faultsFirst.filter((one) => byTerm.get(one.term ?? one.message) === one);
}

const heldBack: TermFinding = {
  severity: 'warning',
  rule: 'heldBack',
  message: 'It is not published: its access is not PUBLIC, it has personal data, or isPublished is false.',
};

/** Without a title, the record would have the name in URLs as its title. */
const titleFindings = ({ about }: Dataset): readonly TermFinding[] =>
  about.localTexts('title').length > 0
    ? []
    : [{ severity: 'fault', term: 'title', rule: 'missing', message: 'A dataset needs a title.' }];

/** A slug that cannot be used is replaced by another name. */
function slugFindings({ about, slug }: Dataset): readonly TermFinding[] {
  const wanted = about.text('slug');
  if (wanted === undefined || wanted === slug) return [];
  const head = { severity: 'fault', term: 'slug' } as const;
  return isSlug(wanted)
    ? [{ ...head, rule: 'taken', message: `Another dataset has the name ${wanted}.` }]
    : [{ ...head, rule: 'other', message: 'The name must be 2 to 100 of a-z, 0-9 and hyphens.' }];
}

const ofModel = (
  severity: Finding['severity'],
  { attribute, rule }: { readonly attribute?: string; readonly rule: string },
): TermFinding => ({
  severity,
  ...(attribute === undefined ? undefined : { term: attribute }),
  rule: 'other',
  message: `It ${rule}.`,
});

function ofCheck({ severity, property, message }: Finding): TermFinding {
  const term = Object.hasOwn(terms, property) ? terms[property] : undefined;
  const rule = message.includes('missing') ? 'missing' : 'other';
  return { severity, ...(term === undefined ? undefined : { term }), rule, message: `${property}: ${message}` };
}

/** What the data model of datasets says of one. */
export const violationsOf = ({ id, types, attrs }: Entity, models: Models): ReturnType<Models['check']> =>
  models.check({ id, types, attrs }, true);
