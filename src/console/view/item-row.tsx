/** One entity in a list: its icon and state, its title, what it is, and its main value with its age. */
import { headlineOf } from '../data/domains.ts';
import { entityAddress } from '../data/route.ts';
import type { Shown } from '../data/selection.ts';
import { formatAge } from '../data/times.ts';
import { Icon } from './icon.tsx';
import { LevelDot } from './parts.tsx';
import { textOfReading } from './value.tsx';

interface ItemRowProps {
  readonly item: Shown;
  /** What it is. Empty and absent texts are left out. */
  readonly about: readonly (string | undefined)[];
}

export function ItemRow({ item: { thing, title, domain, level, observedAt }, about }: ItemRowProps) {
  const headline = headlineOf(thing);
  return (
    <li>
      <a href={entityAddress(thing.id)}>
        <span class="item-icon">
          <Icon name={domain} />
          <LevelDot level={level} />
        </span>
        <span class="item-text">
          <b>{title}</b>
          <small>{about.filter((text) => text !== undefined && text !== '').join(' · ')}</small>
        </span>
        <span class="item-value">
          {headline && <b>{textOfReading(headline)}</b>}
          {observedAt !== undefined && <small>{formatAge(observedAt)}</small>}
        </span>
      </a>
    </li>
  );
}
