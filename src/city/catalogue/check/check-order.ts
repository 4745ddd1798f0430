/** Checks that times are in order: published before changed, nothing in the future, periods that end after they start. */
import type { PrefixedName } from '../vocabulary.ts';
import type { Finding } from './finding.ts';
import type { GraphView } from './graph-view.ts';

export function checkOrder(view: GraphView, now: number): readonly Finding[] {
  const described = (['dcat:Catalog', 'dcat:Dataset', 'dcat:Distribution'] as const).flatMap(view.nodesOf);
  return [
    ...view.nodesOf('dct:PeriodOfTime').flatMap((period) => checkPeriod(period, view)),
    ...described.flatMap((node) => checkDates(node, view, now)),
  ];
}

function checkPeriod(subject: string, view: GraphView): readonly Finding[] {
  const [start, end] = [timeOf(subject, 'dcat:startDate', view), timeOf(subject, 'dcat:endDate', view)];
  return start === undefined || end === undefined || start <= end
    ? []
    : [{ severity: 'fault', subject, property: 'dcat:endDate', message: 'The period ends before it starts.' }];
}

/** A day is allowed for zones: a date has none. */
const dayMs = 86_400_000;

function checkDates(subject: string, view: GraphView, now: number): readonly Finding[] {
  const [issued, modified] = [timeOf(subject, 'dct:issued', view), timeOf(subject, 'dct:modified', view)];
  const warning = (property: PrefixedName, message: string): Finding => ({
    severity: 'warning',
    subject,
    property,
    message,
  });
  return [
    ...(issued !== undefined && modified !== undefined && issued > modified + dayMs
      ? [warning('dct:modified', 'It was changed before it was published.')]
      : []),
    ...(modified !== undefined && modified > now + dayMs
      ? [warning('dct:modified', 'The time is in the future.')]
      : []),
  ];
}

/** A date or time in milliseconds; undefined for what is none, which another check reports. */
function timeOf(subject: string, property: PrefixedName, view: GraphView): number | undefined {
  const [value] = view.valuesOf(subject, property);
  const time = value?.termType === 'Literal' ? Date.parse(value.value) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
