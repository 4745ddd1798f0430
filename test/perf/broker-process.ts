/** Runs the broker as its users do, for the bench. */
import { startBroker } from '../../src/app/broker.ts';
import { readConfig } from '../../src/app/config/read-config.ts';
import { answerParent } from './answer-parent.ts';

const [, , folder = '', ...args] = process.argv;
const broker = await startBroker(
  readConfig({ args: ['--port', '0', '--data', folder, '--log-level', 'error', ...args], env: {} }),
);
answerParent(broker.url, broker.stop);
