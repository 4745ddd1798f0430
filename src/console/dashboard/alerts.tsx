/** Lists what needs attention: open alerts, and entities in a critical state. */
import type { Domain } from '../data/domains.ts';
import { textIn } from '../data/entity.ts';
import { everything, type Shown } from '../data/selection.ts';
import { language } from '../data/session.ts';
import { ItemRow } from '../view/item-row.tsx';
import { say } from '../words/words.ts';

const isOpenAlert = ({ domain, thing }: Shown): boolean =>
  domain === 'alert' &&
  !/closed|resolved|solved/i.test(textIn(thing, 'status', 'en') ?? textIn(thing, 'alertState', 'en') ?? '');

export const openAlerts = (domains?: readonly Domain[]): readonly Shown[] =>
  everything.value
    .filter((item) => isOpenAlert(item) || item.level === 'bad')
    .filter(({ domain }) => domains?.includes(domain) ?? true);

export function Alerts({ items, max = 200 }: { readonly items: readonly Shown[]; readonly max?: number }) {
  return (
    <section class="card" aria-label={say('openAlerts')}>
      <h2>
        {say('openAlerts')} <b>{items.length}</b>
      </h2>
      {items.length === 0 && <p class="note">{say('noAlerts')}</p>}
      <ul class="list">
        {items.slice(0, max).map((item) => (
          <ItemRow
            key={item.thing.id}
            item={item}
            about={[say(`domain.${item.domain}`), item.area, descriptionOf(item)]}
          />
        ))}
      </ul>
    </section>
  );
}

/** What an alert says of itself. */
const descriptionOf = ({ domain, thing }: Shown): string | undefined =>
  domain === 'alert' ? textIn(thing, 'description', language.value) : undefined;
