const ASK_AGAIN_AFTER_MS = 20;

/**
 * Asks until the answer is neither false nor undefined, and gives it. What never comes is ended by the test's timeout.
 */
export async function waitUntil<Found>(ask: () => Promise<Found> | Found): Promise<Exclude<Found, false | undefined>> {
  for (;;) {
    const found = await ask();
    if (found !== false && found !== undefined) return found as Exclude<Found, false | undefined>;
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_AFTER_MS));
  }
}
