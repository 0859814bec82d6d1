import type { StreamFrame, StreamReader, UpstreamRequest } from '../../dialects/dialect.port.js';
import { AttemptRecorder, BODY_BYTES_MAX, type Attempt, type AttemptContext, type Found } from './attempt.js';
import type { AnswerIdentity } from './attempt-whole.js';
import type { CallTarget } from '../connection.js';
import type { Exchange, ExchangeFailure } from '../exchange.js';

/** Where the frames of a stream go. */
export interface FrameSink {
  /** Takes the frames of one piece of body. False: stop reading until it resumes. */
  accept(frames: readonly StreamFrame[]): boolean;
  /** A new attempt begins; `resume` is to be called once the sink can take more. */
  begin(resume: () => void): void;
}

/** One attempt at a stream. Frames go to the sink as they come. Never rejects: every ending is an outcome. */
export function attemptStream(
  target: CallTarget,
  outgoing: { readonly upstream: UpstreamRequest; readonly identity: AnswerIdentity; readonly sink: FrameSink },
  context: AttemptContext,
): Promise<Attempt> {
  return new Promise((resolve) => {
    const recorder = new AttemptRecorder(target, context);
    const reader = target.connection.dialect.openStream(outgoing.identity);
    const errorBody: Buffer[] = [];
    let isOver = false;
    const isStream = (): boolean => recorder.status !== null && recorder.status < 300;
    const pass = (frames: readonly StreamFrame[]): void => {
      if (frames.length === 0) return;
      if (frames.some(({ kind }) => kind === 'content')) {
        recorder.markFirstToken();
        exchange.markFirstToken();
      }
      if (!outgoing.sink.accept(frames)) exchange.pause();
    };
    const finish = (attempt: Attempt): void => {
      isOver = true;
      resolve(attempt);
    };
    const exchange: Exchange = recorder.start(outgoing.upstream, true, {
      head: (status, headers) => recorder.head(status, headers),
      data: (chunk) => {
        if (isOver) return;
        recorder.body(chunk);
        if (isStream()) pass(reader.read(chunk));
        else errorBody.push(chunk);
        if (reader.failure !== null) exchange.abort(reader.failure.outcome, reader.failure.message);
        else if (recorder.bodyBytes > BODY_BYTES_MAX) exchange.abort('bad_response', 'the stream is too large');
        else if (reader.complete) {
          // It has said its last word. Some servers stay silent then, and close a minute later or never.
          exchange.letGo();
          finish(closeStream(recorder, reader, { target, errorBody: null }));
        }
      },
      end: () => {
        if (isOver) return;
        if (isStream()) pass(reader.end());
        finish(closeStream(recorder, reader, { target, errorBody: isStream() ? null : Buffer.concat(errorBody) }));
      },
      failure: (broken) => {
        if (!isOver) finish(closeBroken(recorder, reader, broken));
      },
    });
    outgoing.sink.begin(() => exchange.resume());
  });
}

function closeStream(
  recorder: AttemptRecorder,
  reader: StreamReader,
  { target, errorBody }: { target: CallTarget; errorBody: Buffer | null },
): Attempt {
  if (errorBody !== null) {
    const failure = target.connection.dialect.readFailure(recorder.status ?? 0, errorBody);
    return recorder.close(failure.outcome, { failure });
  }
  if (reader.failure !== null)
    return recorder.close(reader.failure.outcome, { ...readSoFar(reader), failure: reader.failure });
  if (reader.complete) return recorder.close('ok', readSoFar(reader));
  const outcome = hasBegun(reader) ? 'stream_cut' : 'bad_response';
  const message = 'the provider closed the stream before it was finished';
  return recorder.close(outcome, { ...readSoFar(reader), failure: { outcome, code: null, message } });
}

/** A connection that breaks in the middle of an answer has cut it, however it broke. */
function closeBroken(recorder: AttemptRecorder, reader: StreamReader, broken: ExchangeFailure): Attempt {
  const outcome = broken.outcome === 'connection_failed' && hasBegun(reader) ? 'stream_cut' : broken.outcome;
  const failure = reader.failure ?? { outcome, code: null, message: broken.message };
  return recorder.close(failure.outcome, { ...readSoFar(reader), failure });
}

const hasBegun = (reader: StreamReader): boolean => reader.outputBytes > 0 || reader.finishReason !== null;

const readSoFar = (reader: StreamReader): Found => ({
  usage: reader.usage,
  finishReason: reader.finishReason,
  modelServed: reader.modelServed,
  providerRequestId: reader.providerRequestId,
  generatedBytes: reader.outputBytes,
});
