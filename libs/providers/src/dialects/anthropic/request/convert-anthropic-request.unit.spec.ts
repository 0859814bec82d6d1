import type { ChatRequest } from '#contracts';
import { anthropicDialect } from '../anthropic.dialect.js';
import type { AnthropicRequest } from '../anthropic.wire.js';

const SONNET_4_5 = 'claude-sonnet-4-5-20250929';
const TOOL = { type: 'function', function: { name: 'f', parameters: { type: 'object' } } } as const;

function send(model: string, more: Partial<ChatRequest>, maxOutputTokens: number | null = 10_000) {
  const request: ChatRequest = { model: 'asked', messages: [{ role: 'user', content: 'Hi' }], ...more };
  const bytes = Buffer.from(JSON.stringify(request));
  const { body, warnings } = anthropicDialect.toProvider({ bytes, request }, { model, stream: false, maxOutputTokens });
  return { body: JSON.parse(body.toString()) as AnthropicRequest, warnings };
}

describe('thinking, as each generation of Claude takes it', () => {
  it.each([
    ['claude-3-7-sonnet-20250219', 'low', { thinking: { type: 'enabled', budget_tokens: 2000 } }],
    [SONNET_4_5, 'medium', { thinking: { type: 'enabled', budget_tokens: 5000 } }],
    [SONNET_4_5, 'high', { thinking: { type: 'enabled', budget_tokens: 8000 } }],
    [SONNET_4_5, 'none', {}],
    ['claude-opus-4-6', 'medium', { thinking: { type: 'adaptive' }, output_config: { effort: 'medium' } }],
    ['claude-opus-4-8', 'minimal', { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } }],
    ['claude-opus-4-8', 'xhigh', { thinking: { type: 'adaptive' }, output_config: { effort: 'xhigh' } }],
    ['claude-opus-4-8', 'none', {}],
    ['claude-opus-5', 'none', { thinking: { type: 'disabled' } }],
    ['claude-haiku-5-5', 'none', { thinking: { type: 'disabled' } }],
    ['claude-sonnet-5-5', 'none', { thinking: { type: 'between_tools' } }],
    ['MiniMax-M3', 'high', { thinking: { type: 'enabled', budget_tokens: 8000 } }],
  ])('%s is asked for the effort %s', (model, effort, expected) => {
    const { body, warnings } = send(model, { reasoning_effort: effort });
    expect({ thinking: body.thinking, output_config: body.output_config }).toEqual({
      thinking: undefined,
      output_config: undefined,
      ...expected,
    });
    expect(warnings).toEqual([]);
  });

  it.each([
    ['claude-opus-5-5', 'none', 'low', /cannot stop thinking/],
    ['claude-fable-5', 'none', 'low', /cannot stop thinking/],
    ['claude-mythos-preview', 'none', 'low', /cannot stop thinking/],
    ['claude-opus-4-6', 'xhigh', 'high', /knows no higher/],
  ])('%s cannot do the effort %s and is asked for %s', (model, effort, sent, warning) => {
    const { body, warnings } = send(model, { reasoning_effort: effort });
    expect(body.output_config).toEqual({ effort: sent });
    expect(warnings).toEqual([expect.stringMatching(warning)]);
  });

  it('passes a budget on to a model that takes one', () => {
    const thinking = { type: 'enabled', budget_tokens: 3000 };
    expect(send(SONNET_4_5, { thinking }).body.thinking).toEqual(thinking);
    expect(send('claude-opus-4-6', { thinking }).body.thinking).toEqual(thinking);
  });

  it('turns a budget into adaptive thinking where budgets are refused', () => {
    const thinking = { type: 'enabled', budget_tokens: 3000, display: 'summarized' };
    const { body, warnings } = send('claude-sonnet-5', { thinking, reasoning_effort: 'high' });
    expect(body.thinking).toEqual({ type: 'adaptive', display: 'summarized' });
    expect(body.output_config).toEqual({ effort: 'high' });
    expect(warnings).toEqual([expect.stringMatching(/^thinking\.budget_tokens: left out/)]);
  });

  it('gives adaptive thinking a budget where it is unknown', () => {
    expect(send(SONNET_4_5, { thinking: { type: 'adaptive' } }).body.thinking).toEqual({
      type: 'enabled',
      budget_tokens: 5000,
    });
  });

  it('lowers a budget that the output limit leaves no room for', () => {
    const { body, warnings } = send(SONNET_4_5, { thinking: { type: 'enabled', budget_tokens: 16_000 } });
    expect(body.thinking).toEqual({ type: 'enabled', budget_tokens: 8000 });
    expect(warnings).toEqual([expect.stringMatching(/set to 8000/)]);
  });

  it.each([1024, 1])('leaves thinking out when only %d tokens may be written', (cap) => {
    const { body, warnings } = send(SONNET_4_5, { reasoning_effort: 'high' }, cap);
    expect(body).toMatchObject({ max_tokens: cap });
    expect(body.thinking).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/^thinking: left out/)]);
  });

  it('keeps a budget between the least that is allowed and the output limit, for any limit', () => {
    for (let cap = 1025; cap < 5000; cap += 7) {
      const budget = send(SONNET_4_5, { reasoning_effort: 'high' }, cap).body.thinking?.budget_tokens as number;
      expect(budget).toBeGreaterThanOrEqual(1024);
      expect(budget).toBeLessThan(cap);
    }
  });

  it('leaves thinking out beside a forced tool', () => {
    const forced = { reasoning_effort: 'high', tools: [TOOL], tool_choice: 'required' };
    for (const model of [SONNET_4_5, 'claude-opus-4-6']) {
      const { body, warnings } = send(model, forced);
      expect(body.thinking).toBeUndefined();
      expect(warnings).toEqual([expect.stringMatching(/^thinking: left out, it cannot be combined/)]);
    }
    expect(send('claude-opus-5', forced)).toMatchObject({ body: { output_config: { effort: 'high' } }, warnings: [] });
  });

  it('leaves thinking out where the calls of another model are continued', () => {
    const messages: ChatRequest['messages'] = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'a', content: '1' },
    ];
    const { body, warnings } = send(SONNET_4_5, { messages, tools: [TOOL], reasoning_effort: 'high' });
    expect(body.thinking).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/carry no thinking of Claude/)]);
  });

  it.each([{ thinking: true }, { reasoning_effort: 'heroic' }])('names %j, which nobody understands', (field) => {
    expect(send(SONNET_4_5, field).warnings).toEqual([
      expect.stringMatching(/left out, Anthropic has nothing like it/),
    ]);
  });
});

describe('sampling, as each generation of Claude takes it', () => {
  it('lowers a temperature beyond the range', () => {
    const { body, warnings } = send('claude-3-haiku-20240307', { temperature: 1.7 });
    expect(body.temperature).toBe(1);
    expect(warnings).toEqual([expect.stringMatching(/^temperature: lowered to 1/)]);
  });

  it.each([
    [SONNET_4_5, { temperature: 0.2, top_p: 0.9 }, { temperature: 0.2 }, ['top_p']],
    [SONNET_4_5, { temperature: 1, top_p: 0.9 }, { top_p: 0.9 }, []],
    [SONNET_4_5, { top_p: 0.9, top_k: 5 }, { top_p: 0.9, top_k: 5 }, []],
    ['claude-3-7-sonnet-20250219', { temperature: 0.2, top_p: 0.9 }, { temperature: 0.2, top_p: 0.9 }, []],
    ['claude-opus-4-7', { temperature: 0.2, top_p: 0.9, top_k: 5 }, {}, ['temperature', 'top_p', 'top_k']],
    ['claude-sonnet-5', { temperature: 1, top_p: 0.99 }, { temperature: 1, top_p: 0.99 }, []],
    [SONNET_4_5, { temperature: 0.2, reasoning_effort: 'low' }, {}, ['temperature']],
    [SONNET_4_5, { top_p: 0.97, reasoning_effort: 'low' }, { top_p: 0.97 }, []],
  ])('%s takes of %j only %j', (model, asked, sent, named) => {
    const { body, warnings } = send(model, asked);
    expect(body).toMatchObject(sent);
    for (const field of ['temperature', 'top_p', 'top_k']) {
      if (!(field in sent)) expect(body).not.toHaveProperty(field);
    }
    expect(warnings.map((line) => line.split(':')[0])).toEqual(named);
  });
});

describe('the other fields on their way to Anthropic', () => {
  it('prefers the injected output limit to the one of the caller', () => {
    expect(send(SONNET_4_5, { max_tokens: 900 }, 300).body.max_tokens).toBe(300);
    expect(send(SONNET_4_5, { max_tokens: 900 }, null).body.max_tokens).toBe(900);
    expect(send(SONNET_4_5, {}, null).body.max_tokens).toBe(4096);
  });

  it('leaves out stop sequences of white space, which are refused', () => {
    const { body, warnings } = send(SONNET_4_5, { stop: ['\n', 'END'] });
    expect(body.stop_sequences).toEqual(['END']);
    expect(warnings).toEqual([expect.stringMatching(/^stop: left out/)]);
  });

  it('tells the end user under whichever name it came', () => {
    expect(send(SONNET_4_5, { safety_identifier: 's' }).body.metadata).toEqual({ user_id: 's' });
    const { body, warnings } = send(SONNET_4_5, { metadata: { user_id: 'm', team: 'x' } });
    expect(body.metadata).toEqual({ user_id: 'm' });
    expect(warnings).toEqual([expect.stringMatching(/^metadata\.team: left out/)]);
  });

  it('passes fields of its own API on', () => {
    const own = { cache_control: { type: 'ephemeral' }, inference_geo: 'us', service_tier: 'standard_only' };
    expect(send(SONNET_4_5, own)).toMatchObject({ body: own, warnings: [] });
  });

  it.each([
    ['n', { n: 3 }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['functions', { functions: [] }],
    ['response_format.type', { response_format: { type: 'grammar' } }],
    ['tools[0].type', { tools: [{ type: 'custom', custom: { name: 'x' } } as never] }],
  ])('refuses %s', (param, more) => {
    expect(() => send(SONNET_4_5, more)).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param }));
  });

  it('writes warnings that fit into a header', () => {
    const all = send('claude-opus-5-5', {
      temperature: 2,
      top_p: 0.1,
      top_k: 1,
      seed: 1,
      stop: ' ',
      thinking: { type: 'enabled', budget_tokens: 9 },
      reasoning_effort: 'high',
      response_format: { type: 'json_object' },
      'Ünïcode\n': 1,
    });
    expect(all.warnings.length).toBeGreaterThan(6);
    for (const line of all.warnings) expect(line).toMatch(/^[\x20-\x7e]{1,200}$/);
  });
});

describe('tools on their way to Anthropic', () => {
  it('holds strict tools to a closed schema', () => {
    const parameters = { type: 'object', properties: { a: { type: 'integer', minimum: 1 } }, required: ['a'] };
    const { body, warnings } = send(SONNET_4_5, {
      tools: [{ type: 'function', function: { name: 'f', strict: true, parameters } }],
    });
    expect(body.tools).toEqual([
      {
        name: 'f',
        strict: true,
        input_schema: {
          type: 'object',
          properties: { a: { type: 'integer', description: '("minimum":1)' } },
          required: ['a'],
          additionalProperties: false,
        },
      },
    ]);
    expect(warnings).toHaveLength(2);
  });

  it('leaves strict out where the model is too old for it', () => {
    const tools = [{ type: 'function' as const, function: { name: 'f', strict: true } }];
    const { body, warnings } = send('claude-3-7-sonnet-20250219', { tools });
    expect(body.tools).toEqual([{ name: 'f', input_schema: { type: 'object' } }]);
    expect(warnings).toEqual([expect.stringMatching(/strict: left out/)]);
  });

  it('keeps the cache breakpoint of a tool', () => {
    const tools = [{ ...TOOL, cache_control: { type: 'ephemeral' } }];
    expect(send(SONNET_4_5, { tools }).body.tools).toMatchObject([{ cache_control: { type: 'ephemeral' } }]);
  });

  it('offers only the tools that are allowed', () => {
    const other = { type: 'function', function: { name: 'g' } } as const;
    const last = { type: 'function', function: { name: 'h' } } as const;
    const allowed = (mode: string, tools: unknown[]) => ({
      tools: [TOOL, other, last],
      tool_choice: { type: 'allowed_tools', allowed_tools: { mode, tools } },
    });
    const { body } = send(SONNET_4_5, allowed('required', [TOOL, last]));
    expect(body.tools?.map(({ name }) => name)).toEqual(['f', 'h']);
    expect(body.tool_choice).toEqual({ type: 'any' });
    expect(send(SONNET_4_5, allowed('auto', [other])).body).toMatchObject({
      tools: [{ name: 'g' }],
      tool_choice: { type: 'auto' },
    });
  });

  it('refuses to force a tool on a model that refuses it, so that another may be asked', () => {
    for (const model of ['claude-opus-5-5', 'claude-sonnet-5-5', 'claude-fable-5-1']) {
      const forced = (): unknown => send(model, { tools: [TOOL], tool_choice: 'required' });
      expect(forced).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param: 'tool_choice' }));
    }
    expect(send('claude-haiku-5-5', { tools: [TOOL], tool_choice: 'required' }).body.tool_choice).toEqual({
      type: 'any',
    });
  });

  it('names a choice among no tools', () => {
    expect(send(SONNET_4_5, { tool_choice: 'auto' }).warnings).toEqual([]);
    const { body, warnings } = send(SONNET_4_5, { tool_choice: 'required' });
    expect(body).not.toHaveProperty('tool_choice');
    expect(warnings).toEqual(['tool_choice: left out, there are no tools']);
  });

  it('declares the tools of a conversation that goes on without any', () => {
    const messages: ChatRequest['messages'] = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'a', content: '1' },
    ];
    const { body, warnings } = send(SONNET_4_5, { messages });
    expect(body).toMatchObject({
      tools: [{ name: 'f', input_schema: { type: 'object' } }],
      tool_choice: { type: 'none' },
    });
    expect(warnings).toEqual([expect.stringMatching(/^tools: declared/)]);
  });

  it.each(['sometimes', { type: 'function' }, { type: 'allowed_tools', allowed_tools: { tools: [{}] } }])(
    'refuses the tool choice %j',
    (choice) => {
      expect(() => send(SONNET_4_5, { tools: [TOOL], tool_choice: choice })).toThrow(
        expect.objectContaining({ code: 'invalid_value', param: 'tool_choice' }),
      );
    },
  );
});

describe('the form of the answer', () => {
  const schema = {
    type: 'object',
    properties: { a: { type: 'string' } },
    required: ['a'],
    additionalProperties: false,
  };
  const format = { response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } };

  it('goes beside the effort', () => {
    expect(send('claude-opus-5', { ...format, reasoning_effort: 'low' }).body.output_config).toEqual({
      effort: 'low',
      format: { type: 'json_schema', schema },
    });
  });

  it('is asked for in the prompt where the model cannot be held to it', () => {
    const { body, warnings } = send('claude-3-7-sonnet-20250219', format);
    expect(body.system?.[0]?.text).toContain(JSON.stringify(schema));
    expect(body.output_config).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/^response_format: asked for in the system prompt/)]);
  });

  it('needs a schema', () => {
    expect(() => send(SONNET_4_5, { response_format: { type: 'json_schema' } })).toThrow(
      expect.objectContaining({ code: 'invalid_value', param: 'response_format.json_schema.schema' }),
    );
  });
});
