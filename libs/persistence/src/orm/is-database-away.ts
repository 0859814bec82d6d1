/** Connection exceptions, insufficient resources, operator intervention: nothing that the statement is to blame for. */
const SQLSTATE = /^(08|53|57)[0-9A-Z]{3}$/;
/** pg 8 gives these no code. */
const SAID_BY_DRIVER =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/**
 * PostgreSQL cannot be asked now, whatever the question: it is not there, cannot be reached, is starting or stopping,
 * or takes too long. What a transaction throws is the driver's own, what a query throws is wrapped by the ORM.
 */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as { readonly code?: unknown; readonly syscall?: unknown };
  if (typeof code === 'string' && SQLSTATE.test(code)) return true;
  return typeof syscall === 'string' || SAID_BY_DRIVER.test(error.message) || isDatabaseAway(error.cause);
}
