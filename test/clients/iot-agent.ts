/**
 * An IoT agent made with iotagent-node-lib, for devices that can only be simulated here. It keeps devices in memory and speaks NGSI-LD. Runs
 * as a process of its own: the folder of the library, the URL of the broker and two ports are its arguments. Messages tell it what devices
 * measure; it tells which commands have come.
 */
import { createRequire } from 'node:module';

interface Attribute {
  readonly name: string;
  readonly type: string;
  readonly value: unknown;
}

type Done<Result> = (error: unknown, result?: Result) => void;

/** Handles what a broker asks: `what` are attributes, commands, or names of attributes. */
type Handler<What> = (
  ...given: readonly [
    id: string,
    type: string,
    service: string,
    path: string,
    what: readonly What[],
    done: Done<object>,
  ]
) => void;

/** What is used here of the library, which has no types. */
interface Library {
  activate(config: object, done: Done<void>): void;
  setCommandHandler(handler: Handler<Attribute>): void;
  setDataUpdateHandler(handler: Handler<Attribute>): void;
  setDataQueryHandler(handler: Handler<string>): void;
  setCommandResult(
    ...result: readonly [
      name: string,
      resource: string,
      key: string,
      command: string,
      text: string,
      status: string,
      device: object,
      done: Done<void>,
    ]
  ): void;
  getDevice(...device: readonly [id: string, key: string, service: string, path: string, done: Done<object>]): void;
  update(
    name: string,
    type: string,
    key: string,
    attributes: readonly Attribute[],
    device: object,
    done: Done<void>,
  ): void;
}

const [folder = '', broker = '', port = '', log = 'FATAL'] = process.argv.slice(2);
const library = createRequire(`${folder}/`)('iotagent-node-lib') as Library;
const [service, path] = ['openiot', '/lamps'];

const config = {
  logLevel: log,
  contextBroker: {
    url: broker,
    ngsiVersion: 'ld',
    jsonLdContext: 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.6.1.jsonld',
    // For requests of brokers, which have no tenant unless a registration names one.
    service,
    subservice: path,
  },
  server: { port: Number(port), host: '127.0.0.1', ldSupport: { null: true, datasetId: true, merge: false } },
  deviceRegistry: { type: 'memory' },
  types: {},
  service,
  subservice: path,
  providerUrl: `http://127.0.0.1:${port}`,
  defaultType: 'Thing',
};

/** What a device answers when it is asked for attributes. A command has no value, for which the library has an empty text. */
const asked: Readonly<Record<string, unknown>> = { pressure: 1013, drift: null, switch: '' };

library.activate(config, (error) => {
  if (error) throw error instanceof Error ? error : new Error(JSON.stringify(error));
  library.setDataUpdateHandler((...[id, type, , , attributes, done]) => done(null, { id, type, attributes }));
  library.setCommandHandler((...[id, type, , , commands, done]) => {
    process.send?.({ commands: commands.map(({ name, value }) => [name, value]) });
    done(null, { id, type, attributes: commands });
  });
  library.setDataQueryHandler((...[id, type, , , names, done]) =>
    done(null, {
      id,
      type,
      ...Object.fromEntries(names.map((name) => [name, { type: 'Property', value: asked[name] }])),
    }),
  );
  process.send?.('ready');
});

interface Told {
  readonly device: string;
  readonly measured?: readonly Attribute[];
  readonly finished?: string;
}

process.on('message', ({ device, measured, finished }: Told) => {
  library.getDevice(device, 'key', service, path, (error, found) => {
    if (error || !found) throw new Error(JSON.stringify(error));
    const { name, type } = found as { readonly name: string; readonly type: string };
    const done = (failure: unknown): void => void process.send?.({ done: failure ?? 'well' });
    if (measured) library.update(name, type, 'key', measured, found, done);
    if (finished !== undefined)
      library.setCommandResult(name, '/iot/d', 'key', finished, 'the lamp is on', 'OK', found, done);
  });
});
