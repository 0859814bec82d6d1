import { ClosedLogError } from '../event-log.errors.js';
import { makeRecords } from '../log-records.suite.js';
import { ProducerLoop } from './producer-loop.js';

it('does not wait for brokers that are silent once it is closed', async () => {
  const troubles: string[] = [];
  const silent = { send: () => new Promise<never>(() => undefined), drop: () => undefined };
  const options = {
    brokers: ['nowhere:9092'],
    clientId: 'spec',
    onTrouble: (message: string) => troubles.push(message),
  };
  const loop = new ProducerLoop(options, 'overture.events', silent);
  const sending = loop.send([{ records: makeRecords(3), bytes: 1, deadlineMs: undefined }]);
  loop.close();
  await expect(sending).rejects.toThrow(ClosedLogError);
  expect(troubles).toEqual([]);
});
