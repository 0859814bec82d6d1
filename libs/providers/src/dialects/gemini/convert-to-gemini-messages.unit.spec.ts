import fc from 'fast-check';
import type { ChatMessage } from '#contracts';
import { RequestFields } from '../translation/request-fields.js';
import { convertToGeminiMessages } from './convert-to-gemini-messages.js';
import { geminiDialect } from './gemini.dialect.js';
import type { GeminiPart } from './gemini.wire.js';
import { geminiModelTraits } from './request/gemini-model-traits.js';

function convert(messages: ChatMessage[], model = 'gemini-3.8-flash') {
  const fields = new RequestFields({ model: 'm', messages }, 'Gemini');
  const converted = convertToGeminiMessages(messages, { fields, traits: geminiModelTraits(model) });
  return { ...converted, warnings: fields.warnings() };
}

const USER: ChatMessage = { role: 'user', content: 'Hi' };
const call = (id: string, more: object = {}) => ({
  id,
  type: 'function' as const,
  function: { name: `name_of_${id}`, arguments: '{"a":1}' },
  ...more,
});
const signed = (signature: string) => ({ extra_content: { google: { thought_signature: signature } } });

describe('a conversation on its way to Gemini', () => {
  it('has results by the name of what was called, in a turn of their own', () => {
    const { contents, warnings } = convert([
      USER,
      { role: 'assistant', content: null, tool_calls: [call('a'), call('b')] },
      { role: 'tool', tool_call_id: 'b', content: '[1,2]' },
      { role: 'tool', tool_call_id: 'a', name: 'whatever', content: '{"ok":true}' },
      USER,
    ]);
    expect(contents.slice(2)).toEqual([
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'b', name: 'name_of_b', response: { output: '[1,2]' } } },
          { functionResponse: { id: 'a', name: 'name_of_a', response: { ok: true } } },
        ],
      },
      { role: 'user', parts: [{ text: 'Hi' }] },
    ]);
    expect(warnings).toEqual([]);
  });

  it('is as long as a body can make it', () => {
    const content = Array.from({ length: 300_000 }, () => ({ type: 'text' as const, text: 'a' }));
    expect(convert([USER, { role: 'user', content }]).contents[0]?.parts).toHaveLength(300_001);
  });

  it('finds fault with a result of nothing', () => {
    expect(() => convert([USER, { role: 'tool', tool_call_id: 'x', content: '1' }])).toThrow(
      expect.objectContaining({ code: 'invalid_value', param: 'messages[1].tool_call_id' }),
    );
  });

  it('takes the name from the result where the call is gone', () => {
    const { contents } = convert([USER, { role: 'tool', tool_call_id: 'x', name: 'f', content: '1' }]);
    expect(contents[1]?.parts).toMatchObject([{ functionResponse: { id: 'x', name: 'f' } }]);
  });

  it('puts each signature on the call it came with', () => {
    const tool_calls = [call('a', signed('s1')), call('b'), call('c', signed('s3'))];
    const { contents, warnings } = convert([USER, { role: 'assistant', tool_calls }]);
    expect(contents[1]?.parts.map(({ thoughtSignature }) => thoughtSignature)).toEqual(['s1', undefined, 's3']);
    expect(warnings).toEqual([]);
  });

  it('asks Gemini 3 to excuse calls that another model has made', () => {
    const messages: ChatMessage[] = [USER, { role: 'assistant', tool_calls: [call('a'), call('b')] }];
    const signatures = (model: string) =>
      convert(messages, model).contents[1]?.parts.map((part) => part.thoughtSignature);
    expect(signatures('gemini-3-pro-preview')).toEqual(['skip_thought_signature_validator', undefined]);
    expect(signatures('gemini-2.5-pro')).toEqual([undefined, undefined]);
  });

  it('gives signed text back in the parts it came in, whatever was signed', () => {
    const part = fc.record({
      text: fc.string({ unit: 'grapheme' }),
      sign: fc.option(fc.base64String({ minLength: 4 })),
    });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const sent = parts.map(({ text, sign }) => ({ text, ...(sign === null ? {} : { thoughtSignature: sign }) }));
        const candidates = [{ content: { parts: sent }, finishReason: 'STOP', index: 0 }];
        const { body } = geminiDialect.fromProvider(Buffer.from(JSON.stringify({ candidates })));
        const { choices } = JSON.parse(body.toString()) as { choices: { message: ChatMessage }[] };
        const { contents, warnings } = convert([USER, choices[0]!.message]);
        expect(contents[1]?.parts ?? []).toEqual(withUnsignedMerged(sent));
        expect(warnings).toEqual([]);
      }),
    );
  });

  it('gives a signed thought back as the thought it was', () => {
    const thought = { type: 'google.thought_signature', thought_signature: 's', thought: 'Hm.' };
    const { contents } = convert([USER, { role: 'assistant', content: 'So', thinking_blocks: [thought] }]);
    expect(contents[1]?.parts).toEqual([{ text: 'Hm.', thought: true, thoughtSignature: 's' }, { text: 'So' }]);
  });

  it('drops a signature whose text was changed, and says so', () => {
    const carrier = { type: 'google.thought_signature', thought_signature: 's', start: 0, length: 9 };
    const { contents, warnings } = convert([USER, { role: 'assistant', content: 'Short', thinking_blocks: [carrier] }]);
    expect(contents[1]?.parts).toEqual([{ text: 'Short' }]);
    expect(warnings).toEqual([expect.stringMatching(/whose text was changed/)]);
  });

  it('leaves out what other providers have signed or thought, and says so', () => {
    const { contents, warnings } = convert([
      USER,
      {
        role: 'assistant',
        content: 'So',
        reasoning_content: 'Hm.',
        thinking_blocks: [{ type: 'thinking', thinking: 'Hm.', signature: 'x' }],
        tool_calls: [call('a', { extra_content: { other: 1 } })],
      },
    ]);
    expect(contents[1]?.parts).toMatchObject([{ text: 'So' }, { functionCall: { name: 'name_of_a' } }]);
    expect(warnings.map((line) => line.split(':')[0])).toEqual([
      'messages[].thinking_blocks',
      'messages[].tool_calls[].extra_content',
      'messages[].reasoning_content',
    ]);
  });

  it('says nothing of thoughts whose signatures go back', () => {
    const message: ChatMessage = { role: 'assistant', reasoning_content: 'Hm.', tool_calls: [call('a', signed('s'))] };
    expect(convert([USER, message]).warnings).toEqual([]);
  });

  it('sends audio, files and pictures', () => {
    const { contents, warnings } = convert([
      {
        role: 'user',
        content: [
          { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } },
          { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERg==', filename: 'a.pdf' } },
          { type: 'image_url', image_url: { url: 'gs://bucket/cat' } },
          { type: 'image_url', image_url: { url: 'https://x.example/cat.PNG?size=1' } },
        ],
      },
    ]);
    expect(contents[0]?.parts).toEqual([
      { inlineData: { mimeType: 'audio/wav', data: 'AA==' } },
      { inlineData: { mimeType: 'application/pdf', data: 'JVBERg==' } },
      { fileData: { fileUri: 'gs://bucket/cat' } },
      { fileData: { fileUri: 'https://x.example/cat.PNG?size=1', mimeType: 'image/png' } },
    ]);
    expect(warnings).toEqual([expect.stringMatching(/file\.filename: left out/)]);
  });

  it('puts the pictures of a result inside the result', () => {
    const content = [
      { type: 'text', text: 'seen' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
    ] as never;
    const { contents } = convert([
      USER,
      { role: 'assistant', tool_calls: [call('a')] },
      { role: 'tool', tool_call_id: 'a', content },
    ]);
    expect(contents[2]?.parts).toEqual([
      {
        functionResponse: {
          id: 'a',
          name: 'name_of_a',
          response: { output: 'seen' },
          parts: [{ inlineData: { mimeType: 'image/png', data: 'AA==' } }],
        },
      },
    ]);
  });

  it.each([
    ['messages[0].content[0].type', { role: 'user', content: [{ type: 'video_url', video_url: {} }] }],
    ['messages[0].content[0].file.file_id', { role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }],
    ['messages[0].role', { role: 'function', name: 'f', content: '1' }],
  ])('refuses %s', (param, message) => {
    expect(() => convert([message as ChatMessage])).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter', param, status: 400 }),
    );
  });

  it('moves late system messages to the front, and lets the user ask when there is nothing else', () => {
    const late = convert([USER, { role: 'developer', content: 'Be brief.' }]);
    expect(late.system).toEqual([{ text: 'Be brief.' }]);
    expect(late.warnings).toHaveLength(1);
    const alone = convert([{ role: 'system', content: 'Tell a joke.' }]);
    expect(alone).toMatchObject({ system: [], contents: [{ role: 'user', parts: [{ text: 'Tell a joke.' }] }] });
    expect(alone.warnings).toHaveLength(1);
  });
});

/** Unsigned neighbours come back as one part, empty ones not at all; a signed part stays alone. */
function withUnsignedMerged(parts: readonly GeminiPart[]): GeminiPart[] {
  const merged: GeminiPart[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (part.thoughtSignature !== undefined) merged.push(part);
    else if (part.text === '') continue;
    else if (last !== undefined && last.thoughtSignature === undefined) last.text = `${last.text}${part.text}`;
    else merged.push({ ...part });
  }
  return merged;
}
