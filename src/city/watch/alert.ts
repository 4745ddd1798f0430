/** Writes the alerts of the watch: one entity for each fault, which is opened and closed. */
import { createHash } from 'node:crypto';
import { anyOfTypes } from '../../core/language/filter.ts';
import type { Write } from '../../core/language/write.ts';
import type { Fragment, Fragments } from '../../core/model/attribute.ts';
import type { Entity } from '../../core/model/entity.ts';
import { dayMicros, type Instant, instantOf, microsOfInstant, type Micros } from '../../core/model/instant.ts';
import type { Json } from '../../core/model/json.ts';
import type { Mutation } from '../../core/model/mutation.ts';
import { type Check, checks, type Fault } from './detect/checks.ts';
import type { WatchRule } from './rule.ts';
import type { SeriesPlace } from './series-json.ts';
import { seriesKey } from './series-map.ts';
import { iriOf, irisOf, localName, type Name, type Vocabulary } from './vocabulary.ts';
import { describe } from './words.ts';

/** The ids of all alerts of the watch begin so. */
export const alertPrefix = 'urn:ngsi-ld:Alert:watch:';
/** The ids of all daily summaries begin so. */
export const summaryPrefix = 'urn:ngsi-ld:AlertSummary:watch:';

/** True for the entities that the watch writes. They are not watched: their numbers could open alerts about alerts, without end. */
export const isOwnEntity = (id: string): boolean => id.startsWith(alertPrefix) || id.startsWith(summaryPrefix);

/** A short text that stands for a series in ids of alerts. */
export const hashOf = (key: string): string => createHash('sha256').update(key).digest('base64url').slice(0, 16);

/** The id of the alert of a fault: the same again when the fault is found again. */
const alertId = (place: SeriesPlace, check: Check, since: Micros): string =>
  `${alertPrefix}${hashOf(seriesKey(place))}:${check}:${since.toString(36)}`;

/** Reads an id of `alertId`. */
export function readAlertId(
  id: string,
): { readonly hash: string; readonly check: Check; readonly since: Micros } | undefined {
  const [hash = '', name, since = ''] = id.slice(alertPrefix.length).split(':');
  const check = checks.find((one) => one === name);
  const micros = Number.parseInt(since, 36);
  return check === undefined || Number.isNaN(micros) ? undefined : { hash, check, since: micros };
}

const property = (value: Json): readonly [Fragment] => [{ kind: 'Property', value }];

/** Attributes by their names; those without a value are left out. */
function fragmentsOf(
  vocabulary: Vocabulary,
  values: readonly (readonly [Name, Json | undefined])[],
): Record<string, readonly Fragment[]> {
  return Object.fromEntries(
    values.flatMap(([name, value]) => (value === undefined ? [] : [[iriOf(name, vocabulary), property(value)]])),
  );
}

const severities: Readonly<Record<Check, string>> = {
  range: 'high',
  rate: 'medium',
  flatLine: 'medium',
  silence: 'medium',
  duplicateTime: 'informational',
  futureTime: 'low',
  history: 'medium',
  neighbours: 'medium',
};

export interface AlertSource {
  readonly place: SeriesPlace;
  readonly rule: WatchRule;
}

/** Opens the alert of a fault. `entity`: the one that the series belongs to; absent: it is not known. */
export function openAlert(
  { place, rule }: AlertSource,
  { finding, value }: Fault,
  { entity, now }: { readonly entity: Entity | undefined; readonly now: Instant },
): Mutation {
  const { vocabulary } = rule;
  const name = localName(place.attribute);
  const isAboutTime = finding.check === 'duplicateTime' || finding.check === 'futureTime';
  return {
    op: 'create',
    id: alertId(place, finding.check, finding.since),
    entity: {
      types: [iriOf('Alert', vocabulary)],
      ...(entity?.scope === undefined ? undefined : { scope: entity.scope }),
      attrs: {
        ...fragmentsOf(vocabulary, [
          ['category', isAboutTime ? 'dataQuality' : 'sensorFault'],
          ['subCategory', finding.check],
          ['severity', rule.severity ?? severities[finding.check]],
          ['status', 'open'],
          ['dateIssued', now],
          ['validFrom', instantOf(finding.since)],
          ['alertSource', place.id],
          ['attributeName', name],
          ['ruleName', finding.check],
          ['observedValue', numberOrNone(value)],
          ['expectedLow', finding.low],
          ['expectedHigh', finding.high],
          ['faultyValues', Number.isNaN(value) ? undefined : 1],
        ]),
        [iriOf('watchRule', vocabulary)]: [{ kind: 'Relationship', value: rule.id }],
        [iriOf('description', vocabulary)]: [{ kind: 'LanguageProperty', value: describe(finding, name, value) }],
        ...locationOf(entity, vocabulary),
      },
    },
  };
}

const numberOrNone = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);

/** The location of the entity, so that a map can show the alert. */
function locationOf(entity: Entity | undefined, vocabulary: Vocabulary): Fragments {
  const iri = iriOf('location', vocabulary);
  const location = entity?.attrs[iri]?.find(({ kind }) => kind === 'GeoProperty');
  return location ? { [iri]: [{ kind: 'GeoProperty', value: location.value }] } : {};
}

/** Notes in the alert how the fault goes on. What operators wrote into it stays. */
export const continueAlert = (source: AlertSource, fault: Fault): Mutation => merging(source, fault, lastOf(fault));

/** Closed alerts are deleted after this time. Their history stays. */
const keptMicros = 90 * dayMicros;

export const closeAlert = (source: AlertSource, fault: Fault, now: Instant): Mutation => ({
  op: 'merge',
  id: alertId(source.place, fault.finding.check, fault.finding.since),
  fragment: {
    expiresAt: instantOf(microsOfInstant(now) + keptMicros),
    attrs: fragmentsOf(source.rule.vocabulary, [
      ...lastOf(fault),
      ['status', 'closed'],
      ['dateClosed', now],
      ['validTo', now],
    ]),
  },
});

/** Closes an alert whose series is not known any more. */
export const closeOrphan = (id: string, now: Instant): Mutation => ({
  op: 'merge',
  id,
  fragment: {
    expiresAt: instantOf(microsOfInstant(now) + keptMicros),
    attrs: { [iriOf('status', 'models')]: property('closed') },
  },
});

function merging(
  { place, rule }: AlertSource,
  { finding }: Fault,
  values: readonly (readonly [Name, Json | undefined])[],
): Mutation {
  const id = alertId(place, finding.check, finding.since);
  return { op: 'merge', id, fragment: { attrs: fragmentsOf(rule.vocabulary, values) } };
}

const lastOf = ({ value, count }: Fault): readonly (readonly [Name, Json | undefined])[] =>
  Number.isNaN(value)
    ? []
    : [
        ['observedValue', value],
        ['faultyValues', count],
      ];

/**
 * Writes the state of a device with a fault, or without one any more. An entity that is no device stays as it is: who writes a measured value
 * chooses what its `refDevice` names.
 */
export const deviceStateWrite = (id: string, attribute: string, isFaulty: boolean): Write => ({
  mutation: { op: 'merge', id, fragment: { attrs: { [attribute]: property(isFaulty ? 'faulty' : 'ok') } } },
  only: { selectors: [{ types: anyOfTypes(irisOf('Device')) }] },
});
