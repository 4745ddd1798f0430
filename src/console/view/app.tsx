/** Lays out the console: the menu, the bar at the top, and the view that the address names. */
import { computed } from '@preact/signals';
import type { ComponentType } from 'preact';
import { lazy, Suspense } from 'preact/compat';
import { CityView } from '../map/city-view.tsx';
import { route } from '../data/route.ts';
import { isPublicFace } from '../data/session.ts';
import { say, type Word } from '../words/words.ts';
import { Icon, type IconName } from './icon.tsx';
import { SignInDialog } from './sign-in.tsx';
import { Head } from './top-bar.tsx';

interface Place {
  readonly name: IconName & Word;
  readonly view: ComponentType;
  /** False: only for those who work with the broker. */
  readonly isPublic: boolean;
}

// Each view but the first is loaded when somebody opens it.
const OperateView = lazy(() =>
  import('../operate/operate-view.tsx').then((module) => ({ default: module.OperateView })),
);
const DashboardView = lazy(() =>
  import('../dashboard/dashboard-view.tsx').then((module) => ({ default: module.DashboardView })),
);
const DataView = lazy(() => import('../catalogue/data-view.tsx').then((module) => ({ default: module.DataView })));
const ExploreView = lazy(() =>
  import('../explore/explore-view.tsx').then((module) => ({ default: module.ExploreView })),
);

const places: readonly Place[] = [
  { name: 'city', view: CityView, isPublic: true },
  { name: 'dashboards', view: DashboardView, isPublic: true },
  { name: 'data', view: DataView, isPublic: true },
  { name: 'operate', view: OperateView, isPublic: false },
  { name: 'explore', view: ExploreView, isPublic: false },
];

const visible = places.filter(({ isPublic }) => isPublic || !isPublicFace);
const current = computed(() => visible.find(({ name }) => name === route.value.path[0]) ?? visible[0]);

export function App() {
  const View = current.value?.view ?? CityView;
  return (
    <>
      <a class="skip" href="#main" onClick={skipToMain}>
        {say('skip')}
      </a>
      <Head />
      <Menu />
      <main id="main" tabIndex={-1}>
        <Suspense fallback={<p class="note">{say('loading')}</p>}>
          <View />
        </Suspense>
      </main>
      <SignInDialog />
    </>
  );
}

/** The fragment of the address names the view, so the link moves the focus by itself. */
function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

const Menu = () => (
  <nav class="menu" aria-label={say('mainMenu')}>
    <ul>
      {visible.map(({ name }) => (
        <li key={name}>
          <a href={`#/${name}`} aria-current={current.value?.name === name ? 'page' : undefined}>
            <Icon name={name} />
            <span>{say(name)}</span>
          </a>
        </li>
      ))}
    </ul>
  </nav>
);
