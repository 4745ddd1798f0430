/** One seed for all property tests of a run, so that a run that fails can be had again; `MLAKA_SEED` looks elsewhere. */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['MLAKA_SEED'] ?? 1) });
