import { GatewayError } from '#contracts';
import { buildModelIndex } from './model-index.js';
import { resolveCandidates } from './resolve-candidates.js';

const model = (name: string, upstream = name) => ({ name, upstream });
const connections = [
  { slug: 'openai-prod', provider: 'openai', models: [model('gpt-4o'), model('gpt-4o-mini')] },
  { slug: 'azure', provider: 'custom', models: [model('gpt-4o', 'deployment-7')] },
  { slug: 'anthropic', provider: 'anthropic', models: [model('claude-3-5-sonnet')] },
  { slug: 'local', provider: 'custom', models: [model('Qwen/Qwen3-8B')] },
];
const index = buildModelIndex(connections, {
  'gpt-4o': ['claude-3-5-sonnet'],
  fast: ['gpt-4o-mini', 'local/Qwen/Qwen3-8B', 'openai-prod/gpt-4o-mini'],
});
const idsOf = (name: string) => resolveCandidates(index, name).candidates.map(({ id }) => id);

describe('resolving a model name', () => {
  it('finds every connection that serves a model, with the equivalents configured for it, by id', () => {
    expect(idsOf('gpt-4o')).toEqual(['anthropic/claude-3-5-sonnet', 'azure/gpt-4o', 'openai-prod/gpt-4o']);
  });

  it('knows the name that the provider knows', () => {
    expect(resolveCandidates(index, '@azure/gpt-4o')).toEqual({
      group: '@azure/gpt-4o',
      pinned: true,
      candidates: [
        { id: 'azure/gpt-4o', connection: 'azure', provider: 'custom', model: 'gpt-4o', upstream: 'deployment-7' },
      ],
    });
  });

  it('finds the members of a group once each, models with a slash in their names too', () => {
    expect(idsOf('fast')).toEqual(['local/Qwen/Qwen3-8B', 'openai-prod/gpt-4o-mini']);
    expect(idsOf('Qwen/Qwen3-8B')).toEqual(['local/Qwen/Qwen3-8B']);
    expect(idsOf('@local/Qwen/Qwen3-8B')).toEqual(['local/Qwen/Qwen3-8B']);
  });

  it('finds everything for auto', () => {
    expect(idsOf('auto')).toHaveLength(5);
    expect(resolveCandidates(index, 'auto').pinned).toBe(false);
  });

  it.each([
    ['gpt4o', /"gpt-4o"/],
    ['GPT-4O', /"gpt-4o"/],
    ['claude-3.5-sonnet', /"claude-3-5-sonnet"/],
    ['@openai-prd/gpt-4o', /"@openai-prod\/gpt-4o"/],
    ['something else entirely', /GET \/v1\/models/],
    ['constructor', /GET \/v1\/models/],
  ])('refuses %s and says what comes close', (name, hint) => {
    const refusal = refusalOf(name);
    expect(refusal).toMatchObject({ code: 'model_not_found', status: 404, param: 'model' });
    expect(refusal.message).toMatch(hint);
  });

  it('does not repeat a name without end', () => {
    expect(refusalOf('x'.repeat(400)).message.length).toBeLessThan(250);
  });

  it('refuses auto when nothing is configured', () => {
    expect(() => resolveCandidates(buildModelIndex([], {}), 'auto')).toThrow(GatewayError);
  });

  function refusalOf(name: string): GatewayError {
    try {
      resolveCandidates(index, name);
    } catch (error) {
      if (error instanceof GatewayError) return error;
    }
    throw new Error(`${name} was not refused`);
  }
});

describe('the index of models', () => {
  it.each([
    [{ fast: ['gpt-5'] }, /"fast".*"gpt-5"/],
    [{ '@fast': ['gpt-4o'] }, /"@fast"/],
    [{ auto: ['gpt-4o'] }, /"auto"/],
  ])('refuses the groups %j', (groups, message) => {
    expect(() => buildModelIndex(connections, groups)).toThrow(message);
  });
});
