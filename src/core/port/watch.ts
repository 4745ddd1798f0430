/** The collections of the watch, in which documents name entities. */

/** What the watch has learnt of each series. */
export const watchedSeriesCollection = 'watchedSeries';

/** How far the watch has read the change log. */
export const watchPositionCollection = 'watch';
