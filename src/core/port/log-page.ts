/** The size of a page of the change log. */

/** Bytes of records after which a page ends. The entities in them take several times as much memory. */
const logPageBytes = 4 * 2 ** 20;

/** Returns a function that is called with the size of each record in turn, and is true when the page must end before that record. */
export function createPageEnd(): (bytes: number) => boolean {
  let [records, total] = [0, 0];
  return (bytes) => {
    records += 1;
    total += bytes;
    return records > 1 && total > logPageBytes;
  };
}
