/** Sets one seed for all property tests of a run, so that a failed run can be repeated; `MLAKA_SEED` sets another. */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['MLAKA_SEED'] ?? 1) });
