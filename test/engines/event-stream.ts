/** The data of every event of a whole event stream, in order; comments are left out. */
export const eventsOf = (stream: string): string[] =>
  stream
    .split('\n\n')
    .filter((event) => event.startsWith('data: '))
    .map((event) => event.slice('data: '.length));
