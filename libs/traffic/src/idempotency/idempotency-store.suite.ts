import { randomUUID } from 'node:crypto';
import type { IdempotencyClaim, IdempotencyStore } from './idempotency-store.port.js';

/** What every adapter of IdempotencyStore does. */
export function idempotencyStoreSuite(name: string, store: () => IdempotencyStore): void {
  const claimOf = (more: Partial<IdempotencyClaim> = {}): IdempotencyClaim => ({
    name: randomUUID(),
    body: 'body',
    owner: randomUUID(),
    ...more,
  });
  const again = (claim: IdempotencyClaim, body = claim.body): IdempotencyClaim => claimOf({ name: claim.name, body });

  describe(name, () => {
    it('gives a name to one of many that want it at once', async () => {
      const first = claimOf();
      const claims = Array.from({ length: 50 }, async () => store().claim(again(first)));
      const states = (await Promise.all(claims)).map(({ state }) => state);
      expect(states.filter((state) => state === 'claimed')).toHaveLength(1);
      expect(states.filter((state) => state === 'in_flight')).toHaveLength(49);
    });

    it('gives the answer again that the owner kept', async () => {
      const claim = claimOf();
      await store().claim(claim);
      await store().keep(claim, Buffer.from([0, 255, 128, 10]));
      const repeated = await store().claim(again(claim));
      expect(repeated).toMatchObject({ state: 'finished' });
      if (repeated.state === 'finished') expect(Buffer.from(repeated.answer)).toEqual(Buffer.from([0, 255, 128, 10]));
    });

    it('tells another body from the same one, before the answer and after', async () => {
      const claim = claimOf();
      await store().claim(claim);
      expect(await store().claim(again(claim, 'other'))).toEqual({ state: 'reused' });
      await store().keep(claim, Buffer.from('answer'));
      expect(await store().claim(again(claim, 'other'))).toEqual({ state: 'reused' });
    });

    it('frees the name of a claim that came to nothing, and of no other', async () => {
      const claim = claimOf();
      await store().claim(claim);
      store().forget(again(claim));
      expect(await store().claim(again(claim))).toEqual({ state: 'in_flight' });
      store().forget(claim);
      expect(await store().claim(again(claim))).toEqual({ state: 'claimed' });
    });

    it('does not forget an answer', async () => {
      const claim = claimOf();
      await store().claim(claim);
      await store().keep(claim, Buffer.from('answer'));
      store().forget(claim);
      expect(await store().claim(again(claim))).toMatchObject({ state: 'finished' });
    });
  });
}
