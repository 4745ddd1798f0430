/** Lists the entities whose relationships lead to an entity. */
import { computed } from '@preact/signals';
import { listOf } from '../data/json.ts';
import { spacedName } from '../data/names.ts';
import { entityAddress } from '../data/route.ts';
import { everything } from '../data/selection.ts';
import { say } from '../words/words.ts';

const linksMax = 30;

export function LinkedFrom({ id }: { readonly id: string }) {
  const links = computed(() =>
    everything.value.flatMap(({ thing, title }) =>
      thing.readings
        .filter(({ kind, value }) => kind === 'relationship' && listOf(value).includes(id))
        .map(({ name }) => ({ id: thing.id, title, name: spacedName(name) })),
    ),
  ).value;
  if (links.length === 0) return null;
  return (
    <section class="readings" aria-label={say('linkedFrom')}>
      <h2>{say('linkedFrom')}</h2>
      <p>
        {links.slice(0, linksMax).map((link) => (
          <a key={`${link.id} ${link.name}`} class="link" href={entityAddress(link.id)} title={link.name}>
            {link.title}
          </a>
        ))}
        {links.length > linksMax && <span> + {links.length - linksMax}</span>}
      </p>
    </section>
  );
}
