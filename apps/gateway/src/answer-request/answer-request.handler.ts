import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { HttpReply } from '../surface/http-reply.js';
import { Admission } from './admission.js';
import { Answer, AnswerSurroundings } from './answer/answer.js';
import type { InboundCall } from './inbound-call.js';
import { ProviderCaller } from './provider-caller.js';
import { RequestRouter } from './request-router.js';
import { Settlement } from './settlement.js';

/** Answer this call on this reply. */
export class AnswerRequest {
  constructor(
    readonly call: InboundCall,
    readonly reply: HttpReply,
  ) {}
}

/** The corridor: admit → route → call → settle → answer, in one direction. */
@CommandHandler(AnswerRequest)
export class AnswerRequestHandler implements ICommandHandler<AnswerRequest> {
  constructor(
    private readonly admission: Admission,
    private readonly router: RequestRouter,
    private readonly providers: ProviderCaller,
    private readonly settlement: Settlement,
    private readonly surroundings: AnswerSurroundings,
  ) {}

  async execute({ call, reply }: AnswerRequest): Promise<void> {
    const answer = new Answer(call, reply, this.surroundings);
    try {
      const admitted = await this.admission.admit(call); //                            402 403 404 429 503
      answer.passes(admitted.pass);
      const routed = this.admission.orRelease(admitted, () => this.router.route(call, admitted)); // ✎ RequestRouted
      const called = await this.providers.call({ call, admitted, routed, answer }); // ✎ ProviderResponded
      const charge = await this.settlement.settle({ call, admitted, routed, called }); // ✎ BudgetCharged
      answer.deliver({ called, charge, routed }); //                                   502 504
    } catch (error) {
      answer.fail(error);
    } finally {
      answer.close();
    }
  }
}
