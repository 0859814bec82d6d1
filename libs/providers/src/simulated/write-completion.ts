import type { SimulatedAnswer, SimulatedChoice } from './compose-answer.js';

/** A `chat.completion` of a simulated answer. */
export function writeCompletion(answer: SimulatedAnswer, createdS: number): object {
  return {
    id: answer.id,
    object: 'chat.completion',
    created: createdS,
    model: answer.model,
    choices: answer.choices.map(({ reasoning, text, toolCall, finishReason }, index) => ({
      index,
      message: {
        role: 'assistant',
        content: toolCall === null ? text.join('') : null,
        refusal: null,
        ...(reasoning.length > 0 && { reasoning_content: reasoning.join('') }),
        ...(toolCall !== null && { tool_calls: [writeCall(toolCall)] }),
      },
      logprobs: null,
      finish_reason: finishReason,
    })),
    usage: answer.usage,
  };
}

/** The `chat.completion.chunk`s of a simulated answer, one per token, all choices one after the other. */
export function writeChunks(answer: SimulatedAnswer, createdS: number, includeUsage: boolean): object[] {
  const head = { id: answer.id, object: 'chat.completion.chunk', created: createdS, model: answer.model };
  const chunks: object[] = answer.choices.flatMap((choice, index) =>
    [
      ...writeDeltas(choice).map((delta) => ({ delta, finish_reason: null })),
      { delta: {}, finish_reason: choice.finishReason },
    ].map((part) => ({ ...head, choices: [{ index, ...part, logprobs: null }], ...(includeUsage && { usage: null }) })),
  );
  if (includeUsage) chunks.push({ ...head, choices: [], usage: answer.usage });
  return chunks;
}

function writeDeltas({ reasoning, text, toolCall }: SimulatedChoice): object[] {
  const call = toolCall === null ? [] : [writeCall({ ...toolCall, arguments: [] })];
  return [
    { role: 'assistant', content: toolCall === null ? '' : null },
    ...reasoning.map((token) => ({ reasoning_content: token })),
    ...text.map((token) => ({ content: token })),
    ...call.map((opening) => ({ tool_calls: [{ index: 0, ...opening }] })),
    ...(toolCall?.arguments ?? []).map((token) => ({ tool_calls: [{ index: 0, function: { arguments: token } }] })),
  ];
}

const writeCall = ({ id, name, arguments: tokens }: NonNullable<SimulatedChoice['toolCall']>): object => ({
  id,
  type: 'function',
  function: { name, arguments: tokens.join('') },
});
