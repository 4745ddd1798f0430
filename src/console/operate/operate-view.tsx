/** Shows the parts of the broker to those who run it. */
import type { ComponentType } from 'preact';
import { addressOf, route } from '../data/route.ts';
import { say, type Word } from '../words/words.ts';
import { AccessView } from './access-view.tsx';
import { AuditView } from './audit-view.tsx';
import { ContextsView } from './contexts-view.tsx';
import { JobsView } from './jobs-view.tsx';
import { LogView } from './log-view.tsx';
import { MetricsView } from './metrics-view.tsx';
import { PeersView } from './peers-view.tsx';
import { RegistrationsView } from './registrations-view.tsx';
import { SubscriptionsView } from './subscriptions-view.tsx';
import { TenantsView } from './tenants-view.tsx';

const parts: readonly { readonly name: string; readonly word: Word; readonly view: ComponentType }[] = [
  { name: 'subscriptions', word: 'operate.subscriptions', view: SubscriptionsView },
  { name: 'registrations', word: 'operate.registrations', view: RegistrationsView },
  { name: 'peers', word: 'operate.peers', view: PeersView },
  { name: 'contexts', word: 'operate.contexts', view: ContextsView },
  { name: 'jobs', word: 'operate.jobs', view: JobsView },
  { name: 'tenants', word: 'operate.tenants', view: TenantsView },
  { name: 'access', word: 'operate.access', view: AccessView },
  { name: 'audit', word: 'operate.audit', view: AuditView },
  { name: 'metrics', word: 'operate.metrics', view: MetricsView },
  { name: 'log', word: 'operate.log', view: LogView },
];

export function OperateView() {
  const current = parts.find(({ name }) => name === route.value.path[1]) ?? parts[0];
  if (!current) return null;
  const View = current.view;
  return (
    <div class="page">
      <h1>{say(current.word)}</h1>
      <nav class="tabs" aria-label={say('operate')}>
        {parts.map(({ name, word }) => (
          <a key={name} href={addressOf(['operate', name])} aria-current={name === current.name ? 'page' : undefined}>
            {say(word)}
          </a>
        ))}
      </nav>
      <View />
    </div>
  );
}
