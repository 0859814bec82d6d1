import { openAiDialect } from '../dialects/openai/openai.dialect.js';
import { OPENAI_FAMILY } from '../dialects/openai/openai-family.js';
import { SIMULATED_MODELS, SIMULATED_PROFILES, type SimulatedProfileId } from './simulated-profiles.js';
import { SimulatedProviders } from './simulated-providers.js';

const dialect = openAiDialect(OPENAI_FAMILY.simulated);

describe('SimulatedProviders', () => {
  let providers: SimulatedProviders;
  beforeAll(async () => {
    providers = await SimulatedProviders.start({ timeScale: 0 });
  });
  afterAll(() => providers.close());

  const post = (body: unknown, profile: SimulatedProfileId = 'swift'): Promise<Response> =>
    fetch(`${providers.baseUrl(profile)}/chat/completions`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const ask = (more: object = {}): object => ({
    model: 'gpt-4o',
    messages: [{ role: 'user', content: 'Hi' }],
    ...more,
  });
  const bodyOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());

  it('answer whole, in the dialect that is spoken with them, for every profile and model', async () => {
    for (const profile of ['swift', 'thrifty', 'steady'] as const) {
      for (const model of SIMULATED_MODELS) {
        const answer = dialect.fromProvider(await bodyOf(await post(ask({ model }), profile)));
        expect(answer).toMatchObject({
          finishReason: 'stop',
          modelServed: model,
          usage: { uncached: expect.any(Number) },
        });
        expect(answer.body.toString()).toContain(SIMULATED_PROFILES[profile].displayName);
      }
    }
  });

  it('stream, with usage when asked', async () => {
    const response = await post(
      ask({ stream: true, stream_options: { include_usage: true }, reasoning_effort: 'low' }),
    );
    const reader = dialect.openStream();
    const frames = [...reader.read(await bodyOf(response)), ...reader.end()];
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(frames.at(-1)!.kind).toBe('done');
    expect(reader).toMatchObject({ complete: true, failure: null, finishReason: 'stop', usage: { reasoning: 16 } });
  });

  it.each([
    ['{', 400, 'invalid_request'],
    [{ model: 'gpt-4o', messages: [] }, 400, 'invalid_request'],
    [ask({ model: 'gpt-9' }), 404, 'not_found'],
    ['x'.repeat(17 * 1024 * 1024), 413, 'invalid_request'],
  ])('refuse what is wrong (%#)', async (body, status, outcome) => {
    const response = await post(body);
    expect(response.status).toBe(status);
    expect(dialect.readFailure(status, await bodyOf(response)).outcome).toBe(outcome);
  });

  it('live at no other address', async () => {
    const elsewhere = providers.baseUrl('swift').replace('swift', 'toString');
    expect((await fetch(`${elsewhere}/chat/completions`, { method: 'POST', body: '{}' })).status).toBe(404);
    expect((await fetch(`${providers.baseUrl('swift')}/chat/completions`)).status).toBe(404);
  });

  it('fail as often as their profile says, each time in the same order', async () => {
    const run = async (): Promise<string[]> => {
      const fresh = await SimulatedProviders.start({ timeScale: 0 });
      const outcomes: string[] = [];
      for (let index = 0; index < 400; index += 1) {
        const url = `${fresh.baseUrl('flaky')}/chat/completions`;
        const response = await fetch(url, { method: 'POST', body: JSON.stringify(ask()) }).catch(() => null);
        outcomes.push(String(response?.status ?? 'cut'));
        if (response?.status === 429) expect(response.headers.get('retry-after')).toBe('1');
        await response?.text();
      }
      await fresh.close();
      return outcomes;
    };
    const outcomes = await run();
    const failures = outcomes.filter((outcome) => outcome !== '200');
    expect(new Set(failures)).toEqual(new Set(['500', '429', 'cut']));
    expect(failures.length).toBeGreaterThan(8);
    expect(failures.length).toBeLessThan(36);
    expect(await run()).toEqual(outcomes);
  });

  it('cut a stream in the middle, so that it has no end', async () => {
    const endings = new Set<string>();
    for (let index = 0; index < 200; index += 1) {
      const response = await post(ask({ stream: true }), 'flaky');
      const ending = await response.text().then(
        (text) => text.slice(-'[DONE]\n\n'.length),
        () => 'cut',
      );
      if (response.status === 200) endings.add(ending);
    }
    expect(endings).toEqual(new Set(['[DONE]\n\n', 'cut']));
  });

  it('close while answers are on their way', async () => {
    const slow = await SimulatedProviders.start({ timeScale: 1_000 });
    const pending = fetch(`${slow.baseUrl('steady')}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(ask()),
    });
    const outcome = pending.then(
      () => 'answered',
      () => 'closed',
    );
    await slow.close();
    expect(await outcome).toBe('closed');
  });
});
