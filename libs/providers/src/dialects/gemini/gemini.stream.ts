import type { AnswerContext } from '../dialect.port.js';
import type { ChunkWriter } from '../translation/chunk-writer.js';
import { asCount, asList, asName, asRecord, type JsonRecord } from '../translation/json-value.js';
import { inBand } from '../translation/provider-failure.js';
import type { StreamTranslator } from '../translation/translated-stream.js';
import { isBlockedPrompt } from './answer/convert-gemini-answer.js';
import { convertGeminiLogprobs } from './answer/convert-gemini-logprobs.js';
import { readGeminiPart } from './answer/read-gemini-part.js';
import { convertGeminiUsage } from './convert-gemini-usage.js';
import { convertGeminiError } from './gemini.errors.js';
import { geminiFinishReason } from './gemini.finish-reason.js';
import type { GeminiAnswer, GeminiCandidate } from './gemini.wire.js';

interface OpenChoice {
  textLength: number;
  toolCalls: number;
  finishReason: string | null;
}

/**
 * Turns the chunks of `streamGenerateContent?alt=sse` into OpenAI's. Each is an answer of its own with the next parts;
 * nothing marks the end but the finish reasons and the end of the body.
 */
export class GeminiStream implements StreamTranslator {
  private readonly choices = new Map<number, OpenChoice>();
  private usage: unknown = null;
  private isBlocked = false;

  constructor(
    private readonly writer: ChunkWriter,
    private readonly context: AnswerContext | undefined,
  ) {}

  take(event: JsonRecord): void {
    const answer: GeminiAnswer = event;
    if (answer.error !== undefined && answer.error !== null) {
      return this.writer.error(inBand(convertGeminiError(answer.error, 'stream_error')));
    }

    this.writer.modelServed ??= asName(answer.modelVersion);
    this.writer.providerRequestId ??= asName(answer.responseId);
    // Counts are cumulative: the last ones are those of the whole answer.
    this.usage = answer.usageMetadata ?? this.usage;
    this.isBlocked ||= isBlockedPrompt(answer);
    asList(answer.candidates).forEach((candidate, position) => {
      this.continueChoice(asRecord<GeminiCandidate>(candidate) ?? {}, position);
    });
  }

  /** Cut off unless every candidate has said why it stopped. */
  end(): void {
    if (this.choices.size === 0 && this.isBlocked) this.open(0).finishReason = 'SAFETY';
    const choices = [...this.choices];
    if (choices.length === 0 || choices.some(([, { finishReason }]) => finishReason === null)) return;

    for (const [index, { finishReason, toolCalls }] of choices) {
      this.writer.finish(index, geminiFinishReason(finishReason ?? '', toolCalls > 0));
    }
    this.writer.close(convertGeminiUsage(this.usage));
  }

  private open(index: number): OpenChoice {
    const known = this.choices.get(index);
    if (known !== undefined) return known;
    const choice: OpenChoice = { textLength: 0, toolCalls: 0, finishReason: null };
    this.choices.set(index, choice);
    this.writer.begin(index);
    return choice;
  }

  private continueChoice({ index, content, finishReason, logprobsResult }: GeminiCandidate, position: number): void {
    const place = index === undefined ? position : asCount(index);
    const choice = this.open(place);
    let logprobs = convertGeminiLogprobs(logprobsResult);
    for (const part of asList(asRecord(content)?.parts)) {
      if (this.takePart(part, place, logprobs)) logprobs = null;
    }
    choice.finishReason = asName(finishReason) ?? choice.finishReason;
  }

  /** @returns whether text was written, which the probabilities of the chunk belong to. */
  private takePart(value: unknown, place: number, logprobs: object | null): boolean {
    const choice = this.open(place);
    const answerId = this.context?.id ?? this.writer.providerRequestId ?? '';
    const said = readGeminiPart(value, { ...choice, answerId });
    if (said === null) return false;
    if (said.kind === 'tool call') {
      choice.toolCalls += 1;
      this.writer.toolCall(place, said.call);
      return false;
    }
    const isText = said.kind === 'text' && said.text !== '';
    if (isText) this.writer.text(place, said.text, logprobs);
    else if (said.text !== '') this.writer.reasoning(place, said.text);
    if (isText) choice.textLength += said.text.length;
    if (said.carrier !== null) this.writer.thinkingBlock(place, said.carrier);
    return isText;
  }
}
