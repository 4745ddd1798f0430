/** Explains condition by condition what a v2 subscription requires of an entity and of its last change. */
import type { Change } from '../../model/change.ts';
import type { Entity } from '../../model/entity.ts';
import { quoted } from '../../model/read/id.ts';
import { v2IdOf } from '../../model/v2/id.ts';
import type { Clause } from '../../port/subscriptions.ts';
import { evaluateJexl } from '../../v2/jexl/evaluate.ts';
import { servicePathOf } from '../../v2/render-entity.ts';
import { macroContext } from './content.ts';
import type { ParsedV2 } from './parsed.ts';

export function explainEntityV2(entity: Entity, parsed: ParsedV2): readonly Clause[] {
  const { subscription, servicePath, isOfSubject, isInPath, isMet } = parsed;
  const { expression } = subscription.condition;
  return [
    {
      clause: 'subject.entities',
      isMet: isOfSubject(entity),
      asks: JSON.stringify(subscription.entities),
      finds: `${v2IdOf(entity.id)}, type ${entity.types.join(', ')}`,
    },
    {
      clause: 'Fiware-ServicePath',
      isMet: isInPath(entity),
      asks: servicePath,
      finds: servicePathOf(entity),
    },
    ...(expression
      ? [{ clause: 'subject.condition.expression', isMet: isMet(entity), asks: JSON.stringify(expression) }]
      : []),
  ];
}

export function explainChangeV2(change: Change, { subscription, condition, notifiedOf }: ParsedV2): Clause {
  const { attrs, jexlExpression } = subscription.condition;
  const notified = notifiedOf(change);
  const asked = [...condition.alterationTypes].join(', ');
  const events = change.attrs.map(({ name, event }) => `${name} ${event}`);
  const parts: Clause[] = [];
  if (notified && jexlExpression !== undefined) {
    const result = evaluateJexl(jexlExpression, macroContext(notified));
    parts.push({
      clause: 'subject.condition.jexlExpression',
      isMet: result === true,
      asks: jexlExpression,
      finds: quoted(result),
    });
  }
  return {
    clause: 'change',
    isMet: notified !== undefined && parts.every(({ isMet }) => isMet),
    asks: attrs.length === 0 ? asked : `${asked}; attrs: ${attrs.join(', ')}`,
    finds: [`entity ${change.event}`, ...events].join(', '),
    ...(parts.length === 0 ? undefined : { parts }),
  };
}
