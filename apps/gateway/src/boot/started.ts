/** What has been started so far, to be stopped in the reverse order. */
export class Started {
  private readonly stops: (() => Promise<unknown>)[] = [];

  add<T>(thing: T, stop: (thing: T) => Promise<unknown>): T {
    this.stops.push(() => stop(thing));
    return thing;
  }

  /** Stops everything, also what comes after a failure; then throws the first one. */
  async stop(): Promise<void> {
    const failures: unknown[] = [];
    for (const stop of this.stops.splice(0).reverse()) await stop().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}
