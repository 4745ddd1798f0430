/** Deduplicates concurrent work: callers that need the same result at the same time share one promise. */

/** Runs the work of a key, or joins the running work of that key. A failure reaches all callers, and is not cached. */
export type SingleFlight<Value> = (key: string, work: () => Promise<Value>) => Promise<Value>;

export function createSingleFlight<Value>(): SingleFlight<Value> {
  const flights = new Map<string, Promise<Value>>();
  return (key, work) => {
    const present = flights.get(key);
    if (present !== undefined) return present;
    const flight = work().finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  };
}
