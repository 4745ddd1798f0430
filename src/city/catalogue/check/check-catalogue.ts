/** Checks a catalogue against DCAT-AP 3.0.1 and, where it has high-value datasets, DCAT-AP HVD 3.0.0. */
import type { Quad } from 'n3';
import type { Finding } from './finding.ts';
import { checkHighValue } from './check-high-value.ts';
import { checkOrder } from './check-order.ts';
import { checkProperty } from './check-property.ts';
import { createView, type GraphView } from './graph-view.ts';
import { type Rules, rulesOfClasses } from './rules.ts';
import type { PrefixedName } from '../vocabulary.ts';

/** The findings in the order of the graph. `now` is the present time in milliseconds. */
export function checkCatalogue(quads: readonly Quad[], now: number): readonly Finding[] {
  const view = createView(quads);
  return [
    ...checkClasses(view),
    ...checkCatalogues(view),
    ...checkSeries(view),
    ...checkOrder(view, now),
    ...checkHighValue(view),
  ];
}

const checkClasses = (view: GraphView): readonly Finding[] =>
  Object.entries(rulesOfClasses).flatMap(([type, rules = {}]) =>
    isPrefixed(type) ? view.nodesOf(type).flatMap((subject) => checkNode(subject, rules, view)) : [],
  );

const checkNode = (subject: string, rules: Rules, view: GraphView): readonly Finding[] =>
  Object.entries(rules).flatMap(([property, rule]) =>
    rule && isPrefixed(property) ? checkProperty({ subject, property, rule }, view) : [],
  );

/** The keys of the tables of rules. */
const isPrefixed = (text: string): text is PrefixedName => text.includes(':');

/** A graph without a catalogue is the record of a dataset only when it has one. */
function checkCatalogues(view: GraphView): readonly Finding[] {
  const catalogues = view.nodesOf('dcat:Catalog');
  if (catalogues.length === 0 && view.nodesOf('dcat:Dataset').length === 0)
    return [
      {
        severity: 'fault',
        subject: '',
        property: 'rdf:type',
        message: 'There is neither a dcat:Catalog nor a dcat:Dataset.',
      },
    ];
  return catalogues
    .filter((one) => (['dcat:dataset', 'dcat:service'] as const).every((name) => view.valuesOf(one, name).length === 0))
    .map((subject) => ({
      severity: 'warning',
      subject,
      property: 'dcat:dataset',
      message: 'The catalogue lists neither a dataset nor a service.',
    }));
}

const checkSeries = (view: GraphView): readonly Finding[] =>
  view
    .nodesOf('dcat:DatasetSeries')
    .filter((series) => view.subjectsWith('dcat:inSeries', series).length === 0)
    .map((subject) => ({
      severity: 'warning',
      subject,
      property: 'dcat:inSeries',
      message: 'No dataset says that it belongs to this series.',
    }));
