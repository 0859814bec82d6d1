import type { ChatMessage } from '#contracts';
import { affinityKey } from './affinity-key.js';
import { SessionAffinity } from './session-affinity.js';

const user = (content: ChatMessage['content']): ChatMessage => ({ role: 'user', content: content ?? null });
const assistant: ChatMessage = { role: 'assistant', content: 'Forty-two.' };
const system: ChatMessage = { role: 'system', content: 'Be brief.' };
const first = { tenantId: 'acme', requestedModel: 'gpt-4o', messages: [system, user('Why?')], session: null };
const second = { ...first, messages: [...first.messages, assistant, user('Really?')] };

describe('the key of a conversation', () => {
  it('is the same in every turn, of which only the later ones continue', () => {
    expect(affinityKey(second).key).toBe(affinityKey(first).key);
    expect([affinityKey(first).continues, affinityKey(second).continues]).toEqual([false, true]);
  });

  it.each([
    ['tenant', { ...first, tenantId: 'other' }],
    ['model', { ...first, requestedModel: 'auto' }],
    ['system prompt', { ...first, messages: [user('Why?')] }],
    ['opening', { ...first, messages: [system, user('How?')] }],
    ['session', { ...first, session: 'Why?' }],
  ])('differs by %s', (_, other) => {
    expect(affinityKey(other).key).not.toBe(affinityKey(first).key);
  });

  it('is the session where the caller names one, whatever is said in it', () => {
    const [one, other] = ['Why?', 'How?'].map((text) =>
      affinityKey({ ...first, session: 's-1', messages: [user(text)] }),
    );
    expect(one).toEqual(other);
    expect(one?.continues).toBe(true);
  });

  it('reads the text of parts and shows none of it', () => {
    const parts = [
      { type: 'text' as const, text: 'Why?' },
      { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,AAAA' } },
    ];
    const { key } = affinityKey({ ...first, messages: [user(parts)] });
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(key).not.toBe(affinityKey({ ...first, messages: [user([])] }).key);
  });

  it('exists for messages of any shape', () => {
    for (const messages of [[], [system], [user(null)], [{ role: 'user' as const }]]) {
      expect(affinityKey({ ...first, messages }).key).toHaveLength(64);
    }
  });
});

describe('session affinity', () => {
  const limits = { ttlMs: 300_000, entriesMax: 2 };
  const turn = (key: string) => ({ key, continues: true });

  it('leads later turns to the candidate that answered last, and draws first turns', () => {
    const affinity = new SessionAffinity(limits);
    affinity.remember(affinityKey(first), 'a/m', 0);
    expect(affinity.candidateFor(affinityKey(second), 1)).toBe('a/m');
    expect(affinity.candidateFor(affinityKey(first), 1)).toBeNull();
    affinity.remember(affinityKey(second), 'b/m', 2);
    expect(affinity.candidateFor(affinityKey(second), 3)).toBe('b/m');
  });

  it('forgets a conversation that has been silent for too long', () => {
    const affinity = new SessionAffinity(limits);
    affinity.remember(turn('k'), 'a/m', 1_000);
    expect(affinity.candidateFor(turn('k'), 300_999)).toBe('a/m');
    expect(affinity.candidateFor(turn('k'), 301_000)).toBeNull();
  });

  it('keeps only so many conversations, those that spoke last', () => {
    const affinity = new SessionAffinity(limits);
    affinity.remember(turn('k1'), 'a/m', 0);
    affinity.remember(turn('k2'), 'a/m', 1);
    affinity.remember(turn('k1'), 'a/m', 2);
    affinity.remember(turn('k3'), 'a/m', 3);
    expect(['k1', 'k2', 'k3'].map((key) => affinity.candidateFor(turn(key), 4))).toEqual(['a/m', null, 'a/m']);
  });
});
