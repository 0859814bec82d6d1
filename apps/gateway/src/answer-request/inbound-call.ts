import type { InboundChat } from '#providers';
import type { TraceContext } from '#telemetry';
import type { Principal } from '#tenancy';

export type Surface = 'openai.chat' | 'overture.infer';

/** What a caller may ask routing to favour. */
export type Optimization = 'cost' | 'latency' | 'quality';

/** A request that has been authenticated and parsed: all that the corridor needs to know of it. */
export interface InboundCall {
  /** Made by the gateway, UUIDv7. */
  readonly requestId: string;
  /** The caller's own id for it. */
  readonly clientRequestId: string | null;
  readonly principal: Principal;
  readonly surface: Surface;
  readonly chat: InboundChat;
  readonly user: string | null;
  /** Names a conversation whose turns should stay with one provider. */
  readonly sessionId: string | null;
  readonly optimization: Optimization | null;
  readonly trace: TraceContext;
  readonly receivedEpochMs: number;
  readonly receivedMs: number;
}
