/** Lists what needs attention: open alerts, and entities in a critical state. */
import { type Domain, headlineOf } from '../data/domains.ts';
import { textIn } from '../data/entity.ts';
import { entityAddress } from '../data/route.ts';
import { everything, type Shown } from '../data/selection.ts';
import { language } from '../data/session.ts';
import { formatAge } from '../data/times.ts';
import { Icon } from '../view/icon.tsx';
import { LevelDot } from '../view/parts.tsx';
import { textOfReading } from '../view/value.tsx';
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
          <Alert key={item.thing.id} item={item} />
        ))}
      </ul>
    </section>
  );
}

function Alert({ item: { thing, title, domain, level, area, observedAt } }: { readonly item: Shown }) {
  const headline = headlineOf(thing);
  const description = textIn(thing, 'description', language.value);
  return (
    <li>
      <a href={entityAddress(thing.id)}>
        <span class="item-icon">
          <Icon name={domain} />
          <LevelDot level={level} />
        </span>
        <span class="item-text">
          <b>{title}</b>
          <small>
            {say(`domain.${domain}`)}
            {area !== '' && ` · ${area}`}
            {domain === 'alert' && description !== undefined && ` · ${description}`}
          </small>
        </span>
        <span class="item-value">
          {headline && <b>{textOfReading(headline)}</b>}
          {observedAt !== undefined && <small>{formatAge(observedAt)}</small>}
        </span>
      </a>
    </li>
  );
}
