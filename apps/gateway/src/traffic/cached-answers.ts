import type { IncomingHttpHeaders } from 'node:http';
import { canonicalJson, type AnswerCache, type KeptAnswer } from '#traffic';
import type { InboundCall } from '../answer-request/inbound-call.js';
import type { AnswerKeeper } from './answer-keeper.js';
import type { RecordedAnswer } from './recording-reply.js';

/** What the operator wants to be cached. */
export interface CacheRules {
  /** Who shares answers: the keys of a project, or each key by itself. */
  readonly scope: 'project' | 'key';
  /** Also answers that would differ if they were made again; otherwise those to `temperature: 0` only. */
  readonly anyTemperature: boolean;
}

/** Gives the same answer to the same question, to callers of one project or one key. */
export class CachedAnswers {
  constructor(
    private readonly cache: AnswerCache,
    private readonly keeper: AnswerKeeper,
    private readonly rules: CacheRules,
  ) {}

  /** Whether a request may be answered from here, and its answer kept. */
  concerns(headers: IncomingHttpHeaders, { chat: { request } }: InboundCall): boolean {
    if (request.stream === true || headers['x-overture-cache'] === 'no-store') return false;
    return this.rules.anyTemperature || request['temperature'] === 0;
  }

  async find(call: InboundCall): Promise<KeptAnswer | null> {
    const name = this.nameOf(call);
    const sealed = await this.cache.find(name);
    return sealed === null ? null : this.keeper.open(call, name, sealed);
  }

  keep(call: InboundCall, answer: RecordedAnswer): void {
    if (answer.status !== 200 || this.keeper.isTooLarge(answer)) return;
    const name = this.nameOf(call);
    this.cache.put(name, this.keeper.seal(call, name, answer));
  }

  /** The tenant is in the digest's key, too: no two tenants have a name in common. */
  private nameOf({ principal, surface, chat }: InboundCall): string {
    const { tenantId, keyId, digest } = principal;
    const sharedBy = this.rules.scope === 'project' ? [tenantId] : [tenantId, keyId];
    return digest.of(Buffer.from(`cache ${JSON.stringify([...sharedBy, surface])} ${canonicalJson(chat.request)}`));
  }
}
