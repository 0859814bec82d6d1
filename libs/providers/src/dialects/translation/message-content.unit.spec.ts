import type { ChatMessage } from '#contracts';
import { readDataUrl, toolArguments, toolCalls, warnOfUnreadFields } from './message-content.js';
import { RequestFields } from './request-fields.js';

const noFields = (): RequestFields => new RequestFields({ model: 'm', messages: [] }, 'Acme');
const calling = (call: unknown): ChatMessage => ({ role: 'assistant', tool_calls: [call as never] });

describe('the content of a message', () => {
  it('reads the bytes of a data URL, whatever parameters it has', () => {
    expect(readDataUrl('data:image/png;base64,AA==', 'p')).toEqual({ mediaType: 'image/png', base64: 'AA==' });
    expect(readDataUrl('DATA:Text/Plain;charset=utf-8;base64,QQ==', 'p')).toEqual({
      mediaType: 'text/plain',
      base64: 'QQ==',
    });
  });

  it('leaves URLs of other schemes alone', () => {
    expect(readDataUrl('https://images.example/a.png', 'p')).toBeNull();
  });

  it.each(['data:image/png,%89PNG', 'data:,', 'data:image/png;base64', 'data:'])('refuses %s', (url) => {
    expect(() => readDataUrl(url, 'messages[0].url')).toThrow('`messages[0].url` must be of the form');
  });

  it('reads the arguments of a tool call, and takes none for an empty object', () => {
    const fields = noFields();
    expect(toolArguments('{"a":1}', fields)).toEqual({ a: 1 });
    expect(toolArguments(' ', fields)).toEqual({});
    expect(fields.warnings()).toEqual([]);
  });

  it.each(['{"a":', '[1]', '5', 'null'])('wraps the arguments %s, which are no object', (text) => {
    const fields = noFields();
    expect(toolArguments(text, fields)).toEqual({ arguments: text });
    expect(fields.warnings()).toEqual([expect.stringMatching(/arguments: no JSON object/)]);
  });

  it.each([
    null,
    {},
    { id: 'a' },
    { id: 'a', function: { name: 'f' } },
    { id: 1, function: { name: 'f', arguments: '' } },
  ])('refuses the tool call %j', (call) => {
    expect(() => toolCalls(calling(call), 'messages[3]', noFields())).toThrow('`messages[3].tool_calls[0]` must have');
  });

  it('refuses calls of custom tools, which only OpenAI has', () => {
    const call = { id: 'a', type: 'custom', custom: { name: 'f', input: '' } };
    expect(() => toolCalls(calling(call), 'messages[3]', noFields())).toThrow('custom tools cannot be translated');
  });

  it('names what a message carries beyond what was read, unless it is empty', () => {
    const fields = noFields();
    const message: ChatMessage = {
      role: 'user',
      content: 'x',
      name: 'Ann',
      annotations: [],
      audio: null,
      mood: 'good',
    };
    warnOfUnreadFields(message, ['role', 'content'], fields);
    expect(fields.warnings()).toEqual([
      'messages[].name: left out, Acme has nothing like it',
      'messages[].mood: left out, Acme has nothing like it',
    ]);
  });
});
