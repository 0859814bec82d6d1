import { Secret } from '#contracts';
import { hideKey } from './hide-key.js';

const KEY = 'sk-of-the-operator-0123456789';
const authentication = { value: new Secret(`Bearer ${KEY}`) };

describe("a provider's words", () => {
  it('are told without our key, however often it stands in them', () => {
    expect(hideKey(`no such key: ${KEY} (${KEY})`, authentication)).toBe('no such key: [secret] ([secret])');
  });

  it('are told without a beginning of our key where they were cut off', () => {
    for (let length = 8; length < KEY.length; length++) {
      expect(hideKey(`refused ${KEY.slice(0, length)}`, authentication)).toBe('refused [secret]');
    }
  });

  it('are told as they are when there is no key, or none worth the name', () => {
    expect(hideKey('expected x', { value: new Secret('x') })).toBe('expected x');
    expect(hideKey('no key given', null)).toBe('no key given');
  });
});
