import { BadResponseError, type DialectAnswer } from '../dialect.port.js';
import { measureOutput } from './measure-output.js';
import { readInBandError } from './openai.errors.js';
import type { FamilyMember } from './openai-family.js';
import { readFinishReason } from './openai.finish-reason.js';
import { isRecord, nameOrNull, type WireChoice, type WireCompletion } from './openai.wire.js';
import { readUsage } from './read-usage.js';

/**
 * Reads a whole answer and leaves its bytes alone.
 * @throws BadResponseError for a body that is not a chat completion; with the failure in it when the body tells one.
 */
export function readAnswer(body: Buffer, member: FamilyMember): DialectAnswer {
  const completion = parse(body);
  const failure = readInBandError(completion, member, 'bad_response');
  if (failure !== null) throw new BadResponseError(failure.message, failure);
  const choices = readChoices(completion);
  let outputBytes = 0;
  for (const { message } of choices) if (isRecord(message)) outputBytes += measureOutput(message);
  return {
    body,
    usage: readUsage(completion.usage),
    finishReason: readFinishReason(choices[0]!.finish_reason),
    modelServed: nameOrNull(completion.model),
    providerRequestId: nameOrNull(completion.id),
    outputBytes,
    hasMetadata: completion.metadata !== undefined,
  };
}

function parse(body: Buffer): WireCompletion {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    throw new BadResponseError('the answer is not JSON');
  }
  if (!isRecord(value)) throw new BadResponseError('the answer is not a JSON object');
  return value;
}

function readChoices({ choices }: WireCompletion): readonly [WireChoice, ...WireChoice[]] {
  if (!Array.isArray(choices) || choices.length === 0) throw new BadResponseError('the answer has no choices');
  if (!choices.every((choice) => isRecord(choice) && isRecord(choice['message']))) {
    throw new BadResponseError('a choice of the answer has no message');
  }
  return choices as unknown as readonly [WireChoice, ...WireChoice[]];
}
