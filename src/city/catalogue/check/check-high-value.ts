/** Checks high-value datasets: what DCAT-AP HVD 3.0.0 wants of them, of their distributions and of the services that serve them. */
import { highValueLaw, type PrefixedName } from '../vocabulary.ts';
import type { Finding } from './finding.ts';
import { type GraphView, keyOf } from './graph-view.ts';

export function checkHighValue(view: GraphView): readonly Finding[] {
  const valued = (type: PrefixedName): readonly string[] => view.nodesOf(type).filter((node) => isValued(node, view));
  return [
    ...valued('dcat:Dataset').flatMap((dataset) => checkDataset(dataset, view)),
    ...valued('dcat:DataService').flatMap((service) => checkApi(service, view)),
    ...view
      .nodesOf('dcat:Distribution')
      .filter((distribution) => hasLaw(distribution, view))
      .flatMap((distribution) => checkRights(distribution, view)),
  ];
}

const hasLaw = (node: string, view: GraphView): boolean =>
  view.valuesOf(node, 'dcatap:applicableLegislation').some(({ value }) => value === highValueLaw);

/** True for what claims to be of high value: by the law, or by a category. */
const isValued = (node: string, view: GraphView): boolean =>
  hasLaw(node, view) || view.valuesOf(node, 'dcatap:hvdCategory').length > 0;

const fault = (subject: string, property: PrefixedName, message: string): Finding => ({
  severity: 'fault',
  subject,
  property,
  message,
});

/** The law and the category go together. */
const checkClaims = (node: string, view: GraphView): readonly Finding[] => [
  ...(hasLaw(node, view)
    ? []
    : [fault(node, 'dcatap:applicableLegislation', `What has a category of high value falls under ${highValueLaw}.`)]),
  ...(view.valuesOf(node, 'dcatap:hvdCategory').length > 0
    ? []
    : [fault(node, 'dcatap:hvdCategory', 'What is of high value has a category.')]),
];

function checkDataset(dataset: string, view: GraphView): readonly Finding[] {
  const distributions = view.valuesOf(dataset, 'dcat:distribution').map(keyOf);
  const services = [
    ...view.subjectsWith('dcat:servesDataset', dataset),
    ...distributions.flatMap((one) => view.valuesOf(one, 'dcat:accessService').map(keyOf)),
  ];
  return [
    ...checkClaims(dataset, view),
    ...(distributions.some((one) => hasLaw(one, view))
      ? []
      : [fault(dataset, 'dcat:distribution', 'A high-value dataset has a bulk download, which names the law too.')]),
    ...(services.length > 0
      ? []
      : [fault(dataset, 'dcat:accessService', 'A high-value dataset has an API: a service that serves it.')]),
  ];
}

const checkApi = (service: string, view: GraphView): readonly Finding[] => [
  ...checkClaims(service, view),
  ...(['foaf:page', 'dcat:contactPoint'] as const)
    .filter((property) => view.valuesOf(service, property).length === 0)
    .map((property) => fault(service, property, 'A service of high-value datasets has it.')),
  ...checkRights(service, view),
];

const checkRights = (node: string, view: GraphView): readonly Finding[] =>
  (['dct:license', 'dct:rights'] as const).some((property) => view.valuesOf(node, property).length > 0)
    ? []
    : [fault(node, 'dct:license', 'What is of high value has a licence, or says its rights.')];
