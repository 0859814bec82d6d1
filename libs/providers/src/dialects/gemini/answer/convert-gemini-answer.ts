import type { ChatToolCall } from '#contracts';
import { BadResponseError, type AnswerContext, type DialectAnswer } from '../../dialect.port.js';
import { asCount, asList, asName, asRecord, asText, parseJson } from '../../translation/json-value.js';
import { toChatCompletion, type TranslatedChoice } from '../../translation/to-chat-completion.js';
import { convertGeminiLogprobs } from './convert-gemini-logprobs.js';
import { convertGeminiUsage } from '../convert-gemini-usage.js';
import { convertGeminiError } from '../gemini.errors.js';
import { geminiFinishReason } from '../gemini.finish-reason.js';
import type { GeminiAnswer, GeminiCandidate, GeminiCarrier } from '../gemini.wire.js';
import { readGeminiPart } from './read-gemini-part.js';

/** A whole answer as a `chat.completion`. */
export function convertGeminiAnswer(body: Buffer, context: AnswerContext | undefined): DialectAnswer {
  const answer = asRecord<GeminiAnswer>(parseJson(body.toString()));
  const choices = answer === null ? [] : readChoices(answer, context);
  if (answer === null || choices.length === 0) {
    const failure = asRecord(answer?.error) === null ? null : convertGeminiError(answer?.error, 'bad_response');
    throw new BadResponseError('the answer holds no candidates', failure);
  }
  return toChatCompletion(
    {
      choices,
      usage: convertGeminiUsage(answer.usageMetadata),
      modelServed: asName(answer.modelVersion),
      providerRequestId: asName(answer.responseId),
    },
    context,
  );
}

/** A prompt is blocked by a 200 without candidates (https://ai.google.dev/gemini-api/docs/safety-settings). */
export function isBlockedPrompt({ promptFeedback }: GeminiAnswer): boolean {
  return asName(asRecord(promptFeedback)?.blockReason) !== null;
}

function readChoices(answer: GeminiAnswer, context: AnswerContext | undefined): TranslatedChoice[] {
  const candidates = asList(answer.candidates);
  if (candidates.length === 0 && isBlockedPrompt(answer)) {
    return [{ index: 0, message: { role: 'assistant', content: null, refusal: null }, finishReason: 'content_filter' }];
  }
  const answerId = context?.id ?? asName(answer.responseId) ?? '';
  return candidates.map((candidate, position) => readChoice(candidate, position, answerId));
}

function readChoice(value: unknown, position: number, answerId: string): TranslatedChoice {
  const candidate = asRecord<GeminiCandidate>(value);
  const reason = asText(candidate?.finishReason);
  if (candidate === null || reason === null) throw new BadResponseError('a candidate does not say why it stopped');

  const said = readParts(asList(asRecord(candidate.content)?.parts), answerId);
  return {
    index: candidate.index === undefined ? position : asCount(candidate.index),
    message: {
      role: 'assistant',
      content: said.text === '' ? null : said.text,
      refusal: null,
      ...(said.reasoning === '' ? {} : { reasoning_content: said.reasoning }),
      ...(said.carriers.length === 0 ? {} : { thinking_blocks: said.carriers }),
      ...(said.calls.length === 0 ? {} : { tool_calls: said.calls }),
    },
    finishReason: geminiFinishReason(reason, said.calls.length > 0),
    logprobs: convertGeminiLogprobs(candidate.logprobsResult),
  };
}

function readParts(parts: readonly unknown[], answerId: string) {
  const found = { text: '', reasoning: '', carriers: [] as GeminiCarrier[], calls: [] as ChatToolCall[] };
  for (const part of parts) {
    const said = readGeminiPart(part, { textLength: found.text.length, toolCalls: found.calls.length, answerId });
    if (said?.kind === 'tool call') {
      const { index: _index, ...call } = said.call;
      found.calls.push({ ...call, type: 'function' });
    } else if (said !== null) {
      found[said.kind] += said.text;
      if (said.carrier !== null) found.carriers.push(said.carrier);
    }
  }
  return found;
}
