/** One request that must not run twice. */
export interface IdempotencyClaim {
  /** Of tenant, key, route and the caller's idempotency key, as a digest. */
  readonly name: string;
  /** Digest of the body: another body under the same name is another request. */
  readonly body: string;
  /** Id of the request that claims. */
  readonly owner: string;
}

export type ClaimVerdict =
  /** The name is the owner's, until it keeps an answer or forgets the claim. */
  | { readonly state: 'claimed' }
  /** Another request of this name and body is being answered. */
  | { readonly state: 'in_flight' }
  /** The name was used with another body. */
  | { readonly state: 'reused' }
  | { readonly state: 'finished'; readonly answer: Uint8Array };

/** Remembers which requests were made, and their answers, sealed by whoever keeps them. */
export abstract class IdempotencyStore {
  /** Never rejects: where others cannot be asked, what this process knows decides. */
  abstract claim(claim: IdempotencyClaim): ClaimVerdict | Promise<ClaimVerdict>;
  /** The claim has come to this answer. Never rejects. */
  abstract keep(claim: IdempotencyClaim, answer: Uint8Array): void | Promise<void>;
  /** The claim came to nothing: the name is free. */
  abstract forget(claim: IdempotencyClaim): void;
}
