/** Reads the alerts of the city: what each is about, how severe it is, and whether somebody has acknowledged it. */
import { computed } from '@preact/signals';
import { apiPath, call } from './api.ts';
import { type Domain, isOver } from './domains.ts';
import { numberIn, readingOf, textIn } from './entity.ts';
import { textsOf } from './json.ts';
import { everything, type Shown } from './selection.ts';

export interface Alert {
  readonly item: Shown;
  readonly isAcknowledged: boolean;
  readonly acknowledgedBy: string | undefined;
  readonly severity: Severity;
  /** The entity that the alert is about; absent: it names none, or the person may not see it. */
  readonly source: Shown | undefined;
  readonly sourceId: string | undefined;
  readonly attribute: string | undefined;
  /** The check that failed, such as `range`; absent: not an alert of the watch. */
  readonly rule: string | undefined;
  /** When it began, in milliseconds. */
  readonly since: number;
  readonly observed: number | undefined;
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** From the most to the least severe. */
const severities = ['critical', 'high', 'medium', 'low', 'informational'] as const;
type Severity = (typeof severities)[number];

const severityOf = (text: string | undefined): Severity => severities.find((known) => known === text) ?? 'medium';

/** The entity that an alert names, as a text or as a relationship. */
const sourceIdOf = ({ thing }: Shown): string | undefined => textsOf(readingOf(thing, 'alertSource')?.value)[0];

function alertOf(item: Shown, byId: ReadonlyMap<string, Shown>): Alert {
  const { thing } = item;
  const word = (name: string): string | undefined => textIn(thing, name, 'en');
  const sourceId = sourceIdOf(item);
  return {
    item,
    isAcknowledged: word('status') === 'acknowledged',
    acknowledgedBy: word('acknowledgedBy'),
    severity: severityOf(word('severity')),
    sourceId,
    source: sourceId === undefined ? undefined : byId.get(sourceId),
    attribute: word('attributeName'),
    rule: word('ruleName'),
    since: Date.parse(word('validFrom') ?? word('dateIssued') ?? ''),
    observed: numberIn(thing, 'observedValue'),
    low: numberIn(thing, 'expectedLow'),
    high: numberIn(thing, 'expectedHigh'),
  };
}

/** All open alerts: the most severe first, among those the newest. */
export const openAlerts = computed<readonly Alert[]>(() => {
  const items = everything.value.filter((item) => item.domain === 'alert' && !isOver(item.thing));
  if (items.length === 0) return [];
  const byId = new Map(everything.value.map((item) => [item.thing.id, item]));
  return items
    .map((item) => alertOf(item, byId))
    .sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity) || (b.since || 0) - (a.since || 0));
});

/** The domain of what an alert is about. */
export const domainOfAlert = ({ source }: Alert): Domain => source?.domain ?? 'alert';

/** The ids of entities that have an open alert. */
export const alertedIds = computed<ReadonlySet<string>>(
  () => new Set(openAlerts.value.flatMap(({ source }) => source?.thing.id ?? [])),
);

/** Alerts that the map does not draw as points: what they are about stands there, with a ring. */
const onTheirSource = computed<ReadonlySet<string>>(
  () => new Set(openAlerts.value.flatMap(({ item, source }) => (source?.thing.geometry ? [item.thing.id] : []))),
);

/** True when the map has a point of its own for it. */
export const hasPoint = ({ domain, thing }: Shown): boolean =>
  domain !== 'alert' || !(onTheirSource.value.has(thing.id) || isOver(thing));

/** The @context whose names alerts have, unless their rule was written without one. */
const alertContext = 'https://smart-data-models.mlaka.si/alert/context.jsonld';

/** Says in the alert that somebody takes care of it. */
export async function acknowledge({ item: { thing } }: Alert, by: string): Promise<void> {
  // Where the rule has no @context, the alert has its short names.
  const isPlain = readingOf(thing, 'severity')?.name === 'severity';
  const link = `<${alertContext}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"`;
  await call(apiPath(`/entities/${encodeURIComponent(thing.id)}`), {
    method: 'PATCH',
    ...(isPlain ? undefined : { headers: { Link: link } }),
    body: {
      status: 'acknowledged',
      ...(by === '' ? undefined : { acknowledgedBy: by }),
      dateAcknowledged: new Date().toISOString(),
    },
  });
}
