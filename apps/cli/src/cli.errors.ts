/** A command cannot be done; the message says why, and what to do. Ends the process with code 1. */
export class CommandFailedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CommandFailedError';
  }
}
