/** Lets those who want the same thing at the same time wait for one and the same piece of work. */

/** Does the work of a key, or joins the one who is at it. A failure is everybody's failure, and is not remembered. */
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
