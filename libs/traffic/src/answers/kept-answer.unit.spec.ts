import { AnswerSeal, type KeptAnswer } from './kept-answer.js';

const seal = new AnswerSeal(Buffer.alloc(32, 1));
const answer: KeptAnswer = {
  status: 200,
  requestId: '019a1b2c-3d4e-7f50-8a1b-000000000001',
  headers: { 'x-overture-provider': 'openai' },
  body: Buffer.from('{"choices":[{"message":{"content":"größe"}}]}'),
};

describe('a sealed answer', () => {
  it('opens as it was, and shows nothing before', () => {
    const sealed = seal.seal(answer, 'name');
    expect(seal.open(sealed, 'name')).toEqual(answer);
    expect(sealed.includes('choices')).toBe(false);
    expect(sealed.includes(answer.requestId)).toBe(false);
    expect(seal.seal(answer, 'name').equals(sealed)).toBe(false);
  });

  it('opens under no other name and with no other key', () => {
    const sealed = seal.seal(answer, 'name');
    expect(seal.open(sealed, 'other')).toBeNull();
    expect(new AnswerSeal(Buffer.alloc(32, 2)).open(sealed, 'name')).toBeNull();
  });

  it('does not open when a bit has changed or a part is missing', () => {
    const sealed = seal.seal(answer, 'name');
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = changed[at]! ^ 1;
      expect(seal.open(changed, 'name')).toBeNull();
      expect(seal.open(sealed.subarray(0, at), 'name')).toBeNull();
    }
  });
});
