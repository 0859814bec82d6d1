import { GatewayError } from '#contracts';
import { KeyedDigest } from '#event-log';
import { hashApiKey, readApiKey } from './api-key.js';
import { KeyDirectory } from './key-directory.js';
import type { Principal } from './principal.js';

const KEY = 'sk-igris-0123456789abcdefghijklmnopqrstuv';
const principal: Principal = {
  orgId: 'org-1',
  tenantId: 'project-1',
  keyId: 'key-1',
  permissions: new Set(['inference:write']),
  digest: new KeyedDigest(Buffer.alloc(32)),
};
const NOW_MS = 1_700_000_000_000;

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof GatewayError ? `${error.status} ${error.code}` : String(error);
  }
  return 'nothing was thrown';
};

describe('key directory', () => {
  const directory = (expiresAtMs: number | null = null): KeyDirectory => {
    const keys = new KeyDirectory();
    keys.replaceAll([{ hash: hashApiKey(KEY), principal, expiresAtMs }]);
    return keys;
  };

  it('knows the caller by key', () => {
    expect(directory().authenticate(KEY, NOW_MS)).toBe(principal);
  });

  it('tells a caller without a key from one with a wrong key', () => {
    expect(codeOf(() => directory().authenticate(undefined, NOW_MS))).toBe('401 missing_api_key');
    expect(codeOf(() => directory().authenticate(`${KEY}x`, NOW_MS))).toBe('401 invalid_api_key');
    expect(codeOf(() => directory().authenticate('x'.repeat(100_000), NOW_MS))).toBe('401 invalid_api_key');
  });

  it('refuses a key from its expiry on', () => {
    expect(directory(NOW_MS + 1).authenticate(KEY, NOW_MS)).toBe(principal);
    expect(codeOf(() => directory(NOW_MS).authenticate(KEY, NOW_MS))).toBe('401 invalid_api_key');
  });

  it('forgets a key that the next list lacks', () => {
    const keys = directory();
    keys.replaceAll([]);
    expect(codeOf(() => keys.authenticate(KEY, NOW_MS))).toBe('401 invalid_api_key');
  });

  it('answers 503, not 401, before the first list has arrived', () => {
    expect(codeOf(() => new KeyDirectory().authenticate(KEY, NOW_MS))).toBe('503 ledger_unavailable');
  });
});

describe('credential of a request', () => {
  it.each([
    [{ authorization: `Bearer ${KEY}` }, KEY],
    [{ authorization: `bearer  ${KEY} ` }, KEY],
    [{ 'x-api-key': KEY }, KEY],
    [{ authorization: 'Basic dXNlcg==' }, undefined],
    [{}, undefined],
  ])('is read from %j', (headers, expected) => {
    expect(readApiKey(headers)).toBe(expected);
  });
});
