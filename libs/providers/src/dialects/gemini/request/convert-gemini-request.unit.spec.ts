import type { ChatRequest } from '#contracts';
import { geminiDialect } from '../gemini.dialect.js';
import type { GeminiRequest } from '../gemini.wire.js';

const TOOL = { type: 'function', function: { name: 'f', parameters: { type: 'object' } } } as const;
const FLASH_2_5 = 'gemini-2.5-flash';

function send(model: string, more: Partial<ChatRequest>, target: { stream?: boolean; cap?: number } = {}) {
  const request: ChatRequest = { model: 'asked', messages: [{ role: 'user', content: 'Hi' }], ...more };
  const { path, body, warnings } = geminiDialect.toProvider(
    { bytes: Buffer.from(JSON.stringify(request)), request },
    { model, stream: target.stream ?? false, maxOutputTokens: target.cap ?? null },
  );
  return { path, warnings, body: JSON.parse(body.toString()) as GeminiRequest };
}

describe('the path of a request to Gemini', () => {
  it.each([
    ['gemini-2.5-pro', false, '/models/gemini-2.5-pro:generateContent'],
    ['gemini-2.5-pro', true, '/models/gemini-2.5-pro:streamGenerateContent?alt=sse'],
    ['tunedModels/mine', false, '/tunedModels/mine:generateContent'],
    ['a?b#c', false, '/models/a%3Fb%23c:generateContent'],
  ])('names the model %s', (model, stream, path) => {
    expect(send(model, {}, { stream }).path).toBe(path);
  });

  it.each(['../../v1/x', 'models/..', '/x', ''])('is not made of the name %j', (model) => {
    expect(() => send(model, {})).toThrow(expect.objectContaining({ code: 'model_not_found', param: 'model' }));
  });
});

describe('thinking, as each generation of Gemini takes it', () => {
  it.each([
    [FLASH_2_5, { reasoning_effort: 'none' }, { thinkingBudget: 0 }],
    [FLASH_2_5, { reasoning_effort: 'minimal' }, { thinkingBudget: 1024 }],
    [FLASH_2_5, { reasoning_effort: 'medium' }, { thinkingBudget: 8192 }],
    ['gemini-2.5-pro', { reasoning_effort: 'high' }, { thinkingBudget: 24_576 }],
    [FLASH_2_5, { thinking: { type: 'disabled' } }, { thinkingBudget: 0 }],
    [FLASH_2_5, { thinking: { type: 'adaptive' } }, { includeThoughts: true, thinkingBudget: -1 }],
    [FLASH_2_5, { thinking: { type: 'enabled', budget_tokens: 99 } }, { includeThoughts: true, thinkingBudget: 99 }],
    ['gemini-3-flash-preview', { reasoning_effort: 'minimal' }, { thinkingLevel: 'MINIMAL' }],
    ['gemini-3.1-pro-preview', { reasoning_effort: 'minimal' }, { thinkingLevel: 'LOW' }],
    ['gemini-3.8-flash', { reasoning_effort: 'minimal' }, { thinkingLevel: 'LOW' }],
    ['gemini-4-argon', { reasoning_effort: 'xhigh' }, { thinkingLevel: 'HIGH' }],
    ['gemini-flash-latest', { reasoning_effort: 'medium' }, { thinkingLevel: 'MEDIUM' }],
    ['gemini-4-argon', { thinking: { type: 'enabled' } }, { includeThoughts: true }],
    [
      'gemini-4-argon',
      { thinking: { type: 'enabled' }, reasoning_effort: 'low' },
      { includeThoughts: true, thinkingLevel: 'LOW' },
    ],
    ['gemini-2.0-flash', { reasoning_effort: 'none' }, undefined],
    ['gemini-4-argon', {}, undefined],
  ])('%s is asked %j', (model, asked, expected) => {
    const { body, warnings } = send(model, asked);
    expect(body.generationConfig.thinkingConfig).toEqual(expected);
    expect(warnings).toEqual([]);
  });

  it.each([
    ['gemini-2.5-pro', { reasoning_effort: 'none' }, { thinkingBudget: 128 }, /cannot stop thinking/],
    ['gemini-3-flash-preview', { reasoning_effort: 'none' }, { thinkingLevel: 'MINIMAL' }, /cannot stop thinking/],
    ['gemini-4-argon', { thinking: { type: 'disabled' } }, { thinkingLevel: 'LOW' }, /cannot stop thinking/],
    ['gemini-2.0-flash', { reasoning_effort: 'high' }, undefined, /does not think/],
    [
      'gemini-2.5-flash-lite',
      { thinking: { type: 'enabled', budget_tokens: 100 } },
      { includeThoughts: true, thinkingBudget: 512 },
      /set to 512/,
    ],
    [
      'gemini-3.8-flash',
      { thinking: { type: 'enabled', budget_tokens: 5000 } },
      { includeThoughts: true, thinkingLevel: 'MEDIUM' },
      /replaced by a thinking level/,
    ],
  ])('%s cannot be asked %j as it stands, and the caller is told', (model, asked, expected, warning) => {
    const { body, warnings } = send(model, asked);
    expect(body.generationConfig.thinkingConfig).toEqual(expected);
    expect(warnings).toEqual([expect.stringMatching(warning)]);
  });
});

describe('the other fields on their way to Gemini', () => {
  it('prefers the injected output limit to the one of the caller', () => {
    expect(send(FLASH_2_5, { max_tokens: 900 }, { cap: 300 }).body.generationConfig.maxOutputTokens).toBe(300);
    expect(send(FLASH_2_5, { max_tokens: 900 }).body.generationConfig.maxOutputTokens).toBe(900);
  });

  it('tells which sampling fields a model pays no heed to', () => {
    const { body, warnings } = send('gemini-4-argon', { temperature: 0.5, top_p: 0.9, top_k: 3 });
    expect(body.generationConfig).toMatchObject({ temperature: 0.5, topP: 0.9, topK: 3 });
    expect(warnings.map((line) => line.split(':')[0])).toEqual(['temperature', 'top_p', 'top_k']);
    expect(send('gemini-3.8-flash', { temperature: 0.5 }).warnings).toEqual([]);
  });

  it('holds calls to their schema when a tool is strict', () => {
    const strict = { type: 'function', function: { name: 'f', strict: true } } as const;
    const mode = (more: Partial<ChatRequest>) => send(FLASH_2_5, more).body.toolConfig?.functionCallingConfig.mode;
    expect(mode({ tools: [strict] })).toBe('VALIDATED');
    expect(mode({ tools: [strict], tool_choice: 'auto' })).toBe('VALIDATED');
    expect(mode({ tools: [strict], tool_choice: 'required' })).toBe('ANY');
    expect(mode({ tools: [strict], tool_choice: 'none' })).toBe('NONE');
    expect(mode({ tools: [TOOL] })).toBeUndefined();
  });

  it('offers only the tools that are allowed', () => {
    const tool_choice = { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [TOOL] } };
    expect(send(FLASH_2_5, { tools: [TOOL], tool_choice }).body.toolConfig).toEqual({
      functionCallingConfig: { mode: 'VALIDATED', allowedFunctionNames: ['f'] },
    });
  });

  it('knows the service tiers by their names there', () => {
    expect(send(FLASH_2_5, { service_tier: 'default' }).body.serviceTier).toBe('standard');
    expect(send(FLASH_2_5, { service_tier: 'flex' }).body.serviceTier).toBe('flex');
    expect(send(FLASH_2_5, { service_tier: 'gold' }).warnings).toEqual([
      expect.stringMatching(/^service_tier: left out/),
    ]);
  });

  it.each([
    ['modalities', { modalities: ['audio'] }],
    ['functions', { functions: [] }],
    ['response_format.type', { response_format: { type: 'grammar' } }],
    ['tools[0].type', { tools: [{ type: 'custom', custom: { name: 'x' } } as never] }],
  ])('refuses %s', (param, more) => {
    expect(() => send(FLASH_2_5, more)).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param }));
  });

  it('writes warnings that fit into a header', () => {
    const { warnings } = send('gemini-4-argon', {
      temperature: 2,
      user: 'u',
      thinking: { type: 'enabled', budget_tokens: 9 },
      tools: [{ ...TOOL, cache_control: {} }],
      parallel_tool_calls: false,
      'Ünïcode\n': 1,
    });
    expect(warnings.length).toBeGreaterThan(5);
    for (const line of warnings) expect(line).toMatch(/^[\x20-\x7e]{1,200}$/);
  });
});
