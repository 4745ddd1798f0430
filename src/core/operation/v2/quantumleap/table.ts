/** The list of the operations of QuantumLeap's API, below `/ql`. */
import type { Operation } from '../../operation.ts';
import { quantumLeapReads } from './read.ts';
import { quantumLeapWrites } from './write.ts';

export const quantumLeapOperations: readonly Operation[] = [...quantumLeapReads, ...quantumLeapWrites];
