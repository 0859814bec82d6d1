import { Clock, NO_USAGE, Secret, type ChatRequest, type Outcome } from '#contracts';
import { KeyedDigest } from '#event-log';
import type { StreamFrame } from '../../dialects/dialect.port.js';
import { DIALECTS } from '../../dialects/dialect.registry.js';
import { callProvider, type CallResult, type ProviderCall } from '../call-provider.js';
import { Cancellation } from '../cancellation.js';
import type { CallTarget, CallTimeouts } from '../connection.js';
import { UpstreamPools } from '../upstream-pools.js';

/** Long enough that only the timeout under test can run out. */
export const PATIENT: CallTimeouts = {
  connectMs: 60_000,
  headersMs: 60_000,
  firstTokenMs: 60_000,
  idleMs: 60_000,
  totalMs: 60_000,
};
export const REQUEST_ID = '019a0000-0000-7000-8000-000000000001';
export const DIGEST = new KeyedDigest(Buffer.alloc(32, 7));

/** Stands still unless told to move. */
export class HandClock extends Clock {
  nowMs = 1_000;
  epochMs(): number {
    return 1_760_000_000_000 + this.nowMs;
  }
  monotonicMs(): number {
    return this.nowMs;
  }
}

/** A candidate at this address. */
export const targetAt = (baseUrl: string, slug = 'first', timeouts: Partial<CallTimeouts> = {}): CallTarget => ({
  candidateId: `${slug}/gpt-test`,
  model: 'gpt-test',
  upstreamModel: 'gpt-upstream',
  connection: {
    slug,
    provider: 'openai',
    providerName: 'OpenAI',
    dialect: DIALECTS.openai,
    baseUrl,
    authentication: { header: 'authorization', value: new Secret('Bearer canary') },
    headers: {},
    timeouts: { ...PATIENT, ...timeouts },
  },
});

/** Takes everything, as the relay of a caller does; `committed` from the first content. */
export class CollectingSink {
  committed = false;
  begun = 0;
  frames: StreamFrame[] = [];
  onFrames: (() => void) | null = null;

  accept(frames: readonly StreamFrame[]): boolean {
    this.frames.push(...frames);
    this.committed ||= frames.some(({ kind }) => kind === 'content');
    this.onFrames?.();
    return true;
  }

  begin(): void {
    this.begun += 1;
    this.frames = [];
  }
}

/** Calls of one test: shared pools, clock and gate, and what they were told. */
export class CallBench {
  readonly pools = new UpstreamPools();
  readonly clock = new HandClock();
  readonly reports: (readonly [candidate: string, outcome: Outcome, retryAfterMs: number | null])[] = [];
  readonly shut = new Set<string>();

  call(targets: readonly CallTarget[], changes: Partial<ProviderCall> = {}): Promise<CallResult> {
    const stream = changes.sink !== undefined && changes.sink !== null;
    const request = { model: 'gpt-test', messages: [{ role: 'user', content: 'hi' }], stream } as ChatRequest;
    return callProvider({
      pools: this.pools,
      clock: this.clock,
      cancellation: new Cancellation(),
      digest: DIGEST,
      requestId: REQUEST_ID,
      tenantId: 'project-1',
      source: '/gateway/slot-0',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      cell: 'cell',
      latencyScaleMs: 1_000,
      chat: { bytes: Buffer.from(JSON.stringify(request)), request },
      identity: { id: 'chatcmpl-x', createdS: 1_760_000_000 },
      targets,
      maxOutputTokens: null,
      retryBudget: { attemptsMax: 3, backoffMs: 1, retryAfterMaxMs: 50 },
      gate: {
        acquire: (candidate) => !this.shut.has(candidate),
        report: (...report) => void this.reports.push(report),
      },
      estimateUsage: (generatedBytes) => ({ ...NO_USAGE, output: generatedBytes }),
      onAttempt: () => undefined,
      sink: null,
      ...changes,
    });
  }
}
