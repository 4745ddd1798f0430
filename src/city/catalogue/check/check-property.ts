/** Checks the values of one property of one node. */
import type { Quad } from 'n3';
import { iriOf, type PrefixedName } from '../vocabulary.ts';
import { isWellFormed, temporalTypes } from '../xsd.ts';
import type { Finding } from './finding.ts';
import { type GraphView, keyOf } from './graph-view.ts';
import type { PropertyRule, ValueKind } from './rules.ts';

type Term = Quad['object'];

interface Checking {
  readonly subject: string;
  readonly property: PrefixedName;
  readonly rule: PropertyRule;
}

export function checkProperty({ subject, property, rule }: Checking, view: GraphView): readonly Finding[] {
  const values = view.valuesOf(subject, property);
  const finding = (severity: Finding['severity'], message: string): Finding => ({
    severity,
    subject,
    property,
    message,
  });
  const { least = 0, most = Number.POSITIVE_INFINITY, isRecommended = false } = rule;
  if (values.length < least) return [finding('fault', 'It is mandatory, and missing.')];
  if (values.length === 0) return isRecommended ? [finding('warning', 'It is recommended, and missing.')] : [];
  return [
    ...(values.length > most ? [finding('fault', `There may be ${most}, and there are ${values.length}.`)] : []),
    ...values.flatMap((value) => wrongValue(value, rule, view).map((message) => finding('fault', message))),
    ...(isInTable(values, rule)
      ? []
      : [finding('warning', `None of the values is of the table ${rule.oneBegins ?? ''}.`)]),
  ];
}

const isInTable = (values: readonly Term[], { oneBegins }: PropertyRule): boolean =>
  oneBegins === undefined || values.some(({ value }) => value.startsWith(oneBegins));

/** What is wrong with a value, as sentences. */
function wrongValue(value: Term, { kind, begins, type }: PropertyRule, view: GraphView): readonly string[] {
  const shown = JSON.stringify(value.value.slice(0, 120));
  if (value.termType === 'Literal') return wrongLiteral(value, kind, shown);
  if (kind !== 'node' && (kind !== 'iri' || value.termType !== 'NamedNode'))
    return [`It must be ${kindText(kind)}, not the node ${shown}.`];
  if (begins && value.termType === 'NamedNode' && !begins.some((start) => value.value.startsWith(start)))
    return [`Its IRI must begin with ${begins.join(' or ')}, not be ${shown}.`];
  return type === undefined || view.isA(keyOf(value), type) ? [] : [`The node ${shown} must be described as ${type}.`];
}

type Literal = Extract<Term, { termType: 'Literal' }>;

function wrongLiteral(value: Literal, kind: ValueKind, shown: string): readonly string[] {
  if (kind === 'node' || kind === 'iri') return [`It must be ${kindText(kind)}, not the text ${shown}.`];
  if (kind === 'text' || kind === 'literal') return value.value.trim() === '' ? ['The text is empty.'] : [];
  return wrongTyped(value, kind, shown);
}

function wrongTyped(
  { value, datatype: { value: datatype } }: Literal,
  kind: ValueKind,
  shown: string,
): readonly string[] {
  const allowed = (kind === 'date' ? temporalTypes : [kind]).map((name) => `${xsd}${name}`);
  if (!allowed.includes(datatype)) return [`It must be ${kindText(kind)}, and ${shown} has the datatype ${datatype}.`];
  if (!isWellFormed(value, datatype)) return [`${shown} is not well formed as ${datatype}.`];
  return kind === 'hexBinary' && /[A-F]/.test(value) ? [`The letters of ${shown} must be small.`] : [];
}

const xsd = iriOf('xsd:');

const kindTexts: Readonly<Record<ValueKind, string>> = {
  text: 'a text',
  literal: 'a literal',
  iri: 'an IRI',
  node: 'an IRI or a blank node',
  date: 'a date or time (xsd:date, xsd:dateTime, xsd:gYear or xsd:gYearMonth)',
  nonNegativeInteger: 'an xsd:nonNegativeInteger',
  decimal: 'an xsd:decimal',
  duration: 'an xsd:duration',
  hexBinary: 'an xsd:hexBinary',
};

const kindText = (kind: ValueKind): string => kindTexts[kind];
