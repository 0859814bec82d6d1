import type { ChatMessage } from '#contracts';
import { RequestFields } from '../translation/request-fields.js';
import { convertToAnthropicMessages } from './convert-to-anthropic-messages.js';

function convert(...messages: ChatMessage[]) {
  const fields = new RequestFields({ model: 'm', messages }, 'Anthropic');
  return { ...convertToAnthropicMessages(messages, fields), warnings: fields.warnings() };
}

const text = (words: string) => ({ type: 'text', text: words });
const USER: ChatMessage = { role: 'user', content: 'Hi' };
const call = (id: string, more: object = {}) => ({
  id,
  type: 'function' as const,
  function: { name: 'f', arguments: '{"a":1}' },
  ...more,
});

describe('a conversation on its way to Anthropic', () => {
  it('has turns that alternate, whoever spoke twice', () => {
    const { turns } = convert(USER, { role: 'user', content: 'Again' }, { role: 'assistant', content: 'Yes' }, USER);
    expect(turns).toEqual([
      { role: 'user', content: [text('Hi'), text('Again')] },
      { role: 'assistant', content: [text('Yes')] },
      { role: 'user', content: [text('Hi')] },
    ]);
  });

  it('has the results of parallel calls in one turn, before what the user adds', () => {
    const { turns } = convert(
      USER,
      { role: 'assistant', content: null, tool_calls: [call('a'), call('b')] },
      { role: 'tool', tool_call_id: 'a', content: '1' },
      { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: '2' }] },
      USER,
    );
    expect(turns[2]).toEqual({
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'a', content: [text('1')] },
        { type: 'tool_result', tool_use_id: 'b', content: [text('2')] },
        text('Hi'),
      ],
    });
  });

  it('is as long as a body can make it', () => {
    const content = Array.from({ length: 300_000 }, () => ({ type: 'text' as const, text: 'a' }));
    const { turns } = convert(USER, { role: 'user', content });
    expect(turns[0]?.content).toHaveLength(300_001);
  });

  it('moves late system messages to the front, and says so', () => {
    const { system, turns, warnings } = convert(USER, { role: 'system', content: 'Be brief.' });
    expect(system).toEqual([text('Be brief.')]);
    expect(turns).toHaveLength(1);
    expect(warnings).toEqual([expect.stringMatching(/late system message/)]);
  });

  it('lets the user ask when there is only a system prompt', () => {
    const { system, turns, warnings } = convert({ role: 'system', content: 'Tell a joke.' });
    expect({ system, turns }).toEqual({ system: [], turns: [{ role: 'user', content: [text('Tell a joke.')] }] });
    expect(warnings).toHaveLength(1);
  });

  it('leaves out empty texts, which are refused', () => {
    const { turns } = convert(USER, { role: 'assistant', content: '' }, { role: 'user', content: [text('') as never] });
    expect(turns).toEqual([{ role: 'user', content: [text('Hi')] }]);
  });

  it('keeps cache breakpoints, on parts and on whole messages', () => {
    const breakpoint = { type: 'ephemeral', ttl: '1h' };
    const { system, turns } = convert(
      { role: 'system', content: 'Long.', cache_control: breakpoint },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a', cache_control: breakpoint },
          { type: 'text', text: 'b' },
        ],
      },
    );
    expect(system).toEqual([{ ...text('Long.'), cache_control: breakpoint }]);
    expect(turns[0]?.content).toEqual([{ ...text('a'), cache_control: breakpoint }, text('b')]);
  });

  it('brings the ids of other providers into the alphabet of Anthropic, on both ends', () => {
    const { turns } = convert(
      USER,
      { role: 'assistant', tool_calls: [call('functions.f:0')] },
      { role: 'tool', tool_call_id: 'functions.f:0', content: '1' },
    );
    expect(turns[1]?.content).toMatchObject([{ id: 'functions_f_0' }]);
    expect(turns[2]?.content).toMatchObject([{ tool_use_id: 'functions_f_0' }]);
  });

  it('sends signed thinking first and as it came, in its order', () => {
    const blocks = [
      { type: 'thinking', thinking: '', signature: 'sig/1+=' },
      { type: 'redacted_thinking', data: 'xx' },
      { type: 'thinking', thinking: 'ü "\\', signature: 'sig2', later_field: [1] },
    ];
    const message: ChatMessage = {
      role: 'assistant',
      content: 'So',
      reasoning_content: 'ü "\\',
      thinking_blocks: blocks,
      tool_calls: [call('a')],
    };
    const { turns, warnings } = convert(USER, message);
    expect(JSON.stringify(turns[1]?.content.slice(0, 3))).toBe(JSON.stringify(blocks));
    expect(turns[1]?.content.map(({ type }) => type).slice(3)).toEqual(['text', 'tool_use']);
    expect(warnings).toEqual([]);
  });

  it('leaves out what other providers have signed or thought, and says so', () => {
    const { turns, warnings } = convert(USER, {
      role: 'assistant',
      content: 'So',
      reasoning_content: 'Hm.',
      thinking_blocks: [
        { type: 'google.thought_signature', thought_signature: 'x', start: 0, length: 2 },
        { type: 'thinking', thinking: 'unsigned', signature: '' },
      ],
      tool_calls: [call('a', { extra_content: { google: { thought_signature: 'x' } } })],
    });
    expect(turns[1]?.content).toEqual([text('So'), { type: 'tool_use', id: 'a', name: 'f', input: { a: 1 } }]);
    expect(warnings.map((line) => line.split(':')[0])).toEqual([
      'messages[].tool_calls[].extra_content',
      'messages[].thinking_blocks',
      'messages[].reasoning_content',
    ]);
  });

  it('says a refusal of an earlier turn as text', () => {
    const { turns } = convert(USER, { role: 'assistant', content: null, refusal: 'I will not.' });
    expect(turns[1]?.content).toEqual([text('I will not.')]);
  });

  it('sends PDFs, texts and images of file parts', () => {
    const file = (type: string, more: object = {}) => ({
      type: 'file' as const,
      file: { file_data: `data:${type};base64,SGk=`, ...more },
    });
    const content = [file('application/pdf', { filename: 'a.pdf' }), file('text/csv'), file('image/webp')];
    expect(convert({ role: 'user', content }).turns[0]?.content).toEqual([
      { type: 'document', title: 'a.pdf', source: { type: 'base64', media_type: 'application/pdf', data: 'SGk=' } },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Hi' } },
      { type: 'image', source: { type: 'base64', media_type: 'image/webp', data: 'SGk=' } },
    ]);
  });

  it.each([
    ['messages[0].content[0].type', { type: 'input_audio', input_audio: { data: '', format: 'wav' } }],
    ['messages[0].content[0].type', { type: 'video_url', video_url: {} }],
    ['messages[0].content[0].file.file_id', { type: 'file', file: { file_id: 'file-1' } }],
    ['messages[0].content[0].file.file_data', { type: 'file', file: { file_data: 'data:audio/wav;base64,AA==' } }],
  ])('refuses %s of %j', (param, part) => {
    const message = { role: 'user', content: [part] } as ChatMessage;
    expect(() => convert(message)).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter', param, status: 400 }),
    );
  });

  it.each([
    ['messages[0].content[0].image_url.url', { type: 'image_url', image_url: { url: 'ftp://x/y.png' } }],
    ['messages[0].content[0].image_url.url', { type: 'image_url', image_url: {} }],
    ['messages[0].content[0].file.file_data', { type: 'file', file: { file_data: 'JVBERi0=' } }],
  ])('finds fault with %s of %j', (param, part) => {
    const message = { role: 'user', content: [part] } as ChatMessage;
    expect(() => convert(message)).toThrow(expect.objectContaining({ code: 'invalid_value', param }));
  });

  it('refuses roles and calls that have no counterpart', () => {
    expect(() => convert({ role: 'function', name: 'f', content: '1' })).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter', param: 'messages[0].role' }),
    );
    expect(() => convert({ role: 'tool', content: '1' })).toThrow(
      expect.objectContaining({ code: 'missing_required_parameter', param: 'messages[0].tool_call_id' }),
    );
    const image = { type: 'image_url' as const, image_url: { url: 'https://x/y.png' } };
    expect(() => convert({ role: 'system', content: [image] })).toThrow(
      expect.objectContaining({ param: 'messages[0].content' }),
    );
  });
});
