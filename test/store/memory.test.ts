/** The memory store against the contract. */
import { createMemoryStores } from '../../src/store/memory/stores.ts';
import { describeStore } from './contract/contract.ts';

describeStore('memory', () => Promise.resolve({ stores: createMemoryStores() }));
