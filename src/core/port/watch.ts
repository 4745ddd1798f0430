/** Names of the watch that other parts of the broker know: its collections, in which documents name entities, and the types of its rules. */

/** What the watch has learnt of each series. */
export const watchedSeriesCollection = 'watchedSeries';

/** How far the watch has read the change log. */
export const watchPositionCollection = 'watch';

/** The types of rules, in the vocabulary of the data models and in the default one. A rule concerns the whole tenant. */
export const watchRuleTypes: readonly string[] = [
  'https://smart-data-models.mlaka.si/alert/WatchRule',
  'https://uri.etsi.org/ngsi-ld/default-context/WatchRule',
];
