import { BadResponseError, type UpstreamRequest } from '../../dialects/dialect.port.js';
import { AttemptRecorder, BODY_BYTES_MAX, type Attempt, type AttemptContext } from './attempt.js';
import type { CallTarget } from '../connection.js';
import type { Exchange } from '../exchange.js';

/** Identity that a translated answer gets where the provider's format has none. */
export interface AnswerIdentity {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly createdS: number;
}

/** One attempt at a whole answer. Never rejects: every ending is an outcome. */
export function attemptWhole(
  target: CallTarget,
  outgoing: { readonly upstream: UpstreamRequest; readonly identity: AnswerIdentity },
  context: AttemptContext,
): Promise<Attempt> {
  return new Promise((resolve) => {
    const recorder = new AttemptRecorder(target, context);
    const chunks: Buffer[] = [];
    const exchange: Exchange = recorder.start(outgoing.upstream, false, {
      head: (status, headers) => recorder.head(status, headers),
      data: (chunk) => {
        recorder.body(chunk);
        chunks.push(chunk);
        if (recorder.bodyBytes > BODY_BYTES_MAX)
          exchange.abort('bad_response', `the answer is larger than ${BODY_BYTES_MAX} bytes`);
      },
      end: () => resolve(readWhole(recorder, target, { body: join(chunks), identity: outgoing.identity })),
      failure: ({ outcome, message }) =>
        resolve(recorder.close(outcome, { failure: { outcome, code: null, message } })),
    });
  });
}

/** Reads a body that came in whole: an answer, an error, or something that is neither. */
function readWhole(
  recorder: AttemptRecorder,
  { connection }: CallTarget,
  { body, identity }: { body: Buffer; identity: AnswerIdentity },
): Attempt {
  const status = recorder.status ?? 0;
  if (status < 200 || status > 299) {
    const failure = connection.dialect.readFailure(status, body);
    return recorder.close(failure.outcome, { failure });
  }
  try {
    const answer = connection.dialect.fromProvider(body, identity);
    return recorder.close('ok', {
      answer,
      usage: answer.usage,
      finishReason: answer.finishReason,
      modelServed: answer.modelServed,
      providerRequestId: answer.providerRequestId,
      generatedBytes: answer.outputBytes,
    });
  } catch (error) {
    // Whatever a body does to the dialect, the attempt must end and be booked.
    const told = error instanceof BadResponseError ? error : new BadResponseError('the answer could not be translated');
    const failure = told.failure ?? { outcome: 'bad_response' as const, code: null, message: told.message };
    return recorder.close(failure.outcome, { failure });
  }
}

const join = (chunks: Buffer[]): Buffer =>
  chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
