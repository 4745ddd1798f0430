/** Builds the parts of a broker of which each of its threads has its own. */
import { knownContexts } from '../city/models/bundled-contexts.ts';
import { readModelModes } from '../city/models/model-modes.ts';
import { createModels } from '../city/models/models.ts';
import { createContexts, type LoadDocument } from '../core/jsonld/resolve.ts';
import type { Json } from '../core/model/json.ts';
import { type ContextRegistry, createContextRegistry } from '../core/operation/context/registry.ts';
import type { Services } from '../core/operation/operation.ts';
import type { Clock } from '../core/port/clock.ts';
import type { Documents } from '../core/port/documents.ts';
import type { Memory } from '../core/port/memory.ts';
import type { Observe } from '../core/port/observe.ts';
import type { Stores } from '../core/port/store.ts';
import { readPreloadIndex } from '../edge/document/loader.ts';
import { readDefaultContexts } from './config/default-contexts.ts';
import type { Config } from './config/options.ts';
import { modelsFolderOf } from './folders.ts';
import { cacheShareOf, createCountedRenders } from './memory.ts';
import { createIds, createYieldToEventLoop } from './process.ts';

/** What the parts of a thread need. */
interface PartsOptions {
  readonly stores: Stores;
  readonly clock: Clock;
  readonly observe: Observe;
  readonly memory: Memory;
  readonly loader: Documents & { readonly load: LoadDocument };
  /** Is given what forgets a @context by its key or URL, in the memory of this thread. */
  readonly onContexts?: (forget: (document?: string) => void) => void;
}

type ThreadParts = Pick<
  Services,
  | 'stores'
  | 'clock'
  | 'observe'
  | 'memory'
  | 'ids'
  | 'yieldToEventLoop'
  | 'models'
  | 'contexts'
  | 'renders'
  | 'limits'
  | 'collation'
  | 'isTolerant'
>;

export function openParts(config: Config, { loader, onContexts, ...given }: PartsOptions): ThreadParts {
  const modelsFolder = modelsFolderOf(config);
  return {
    ...given,
    ids: createIds(),
    yieldToEventLoop: createYieldToEventLoop(),
    models: createModels({
      directory: modelsFolder,
      modes: readModelModes(config.models),
      areChecked: config.modelsFolder === '',
    }),
    contexts: openContextRegistry(config, { loader, onContexts, known: knownContexts(modelsFolder), ...given }),
    renders: createCountedRenders(given.memory, config.renderCacheBytes, config.threads),
    limits: config,
    collation: config.collation,
    isTolerant: config.tolerant,
  };
}

/** Files that the operator sets for URLs of @contexts. */
export const preloadOf = ({ contextPreload }: Config): Readonly<Record<string, string>> =>
  contextPreload === '' ? {} : readPreloadIndex(contextPreload);

/** A file that the operator sets for a URL overrides the bundled @context. */
const without = (known: Readonly<Record<string, Json>>, named: object): Readonly<Record<string, Json>> =>
  Object.fromEntries(Object.entries(known).filter(([url]) => !Object.hasOwn(named, url)));

interface RegistryOptions extends Omit<PartsOptions, 'onContexts'> {
  readonly known: Readonly<Record<string, Json>>;
  readonly onContexts: PartsOptions['onContexts'] | undefined;
}

function openContextRegistry(
  config: Config,
  { loader, known, memory, onContexts, ...services }: RegistryOptions,
): ContextRegistry {
  const contexts = createContexts({
    load: loader.load,
    known: without(known, preloadOf(config)),
    pause: createYieldToEventLoop(),
    cache: cacheShareOf(memory, 'contexts', config.threads),
  });
  onContexts?.((document) => contexts.forget(document));
  return createContextRegistry({
    ...services,
    contexts,
    defaultOf: readDefaultContexts(config.defaultContext),
    documents: loader,
  });
}
