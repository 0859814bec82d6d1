import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequirePermission, type AuthenticatedRequest } from '#tenancy';
import { AnswerRequest } from '../../answer-request/answer-request.handler.js';
import type { Surface } from '../../answer-request/inbound-call.js';
import { ReusedAnswers } from '../../traffic/reused-answers.js';
import { HttpReply } from '../http-reply.js';
import { CallReader } from './call-reader.js';
import { CHAT_ANSWER_SCHEMA, CHAT_REQUEST_SCHEMA, INFER_REQUEST_SCHEMA } from './chat.schema.js';

type ChatHttpRequest = FastifyRequest & AuthenticatedRequest;

/** Chat completions in OpenAI's wire format, whole or streamed. */
@ApiTags('inference')
@ApiBearerAuth()
@Controller('v1')
export class ChatController {
  constructor(
    private readonly commands: CommandBus,
    private readonly reader: CallReader,
    private readonly reused: ReusedAnswers,
  ) {}

  @Post('chat/completions')
  @HttpCode(200)
  @RequirePermission('inference:write')
  @ApiOperation({ summary: 'Chat completion (OpenAI wire format; `stream: true` for server-sent events)' })
  @ApiBody({ schema: CHAT_REQUEST_SCHEMA })
  @ApiResponse({ status: 200, schema: CHAT_ANSWER_SCHEMA })
  async complete(@Req() request: ChatHttpRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.answer('openai.chat', request, reply);
  }

  @Post('infer')
  @HttpCode(200)
  @RequirePermission('inference:write')
  @ApiOperation({ summary: 'The same with `optimization`: what routing should favour' })
  @ApiBody({ schema: INFER_REQUEST_SCHEMA })
  @ApiResponse({ status: 200, schema: CHAT_ANSWER_SCHEMA })
  async infer(@Req() request: ChatHttpRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.answer('overture.infer', request, reply);
  }

  private async answer(surface: Surface, request: ChatHttpRequest, reply: FastifyReply): Promise<void> {
    const call = this.reader.read(surface, request);
    const wish = this.reused.wishOf(request.headers, call);
    // From here on the corridor owns the socket: it writes head and body in one piece, or a stream.
    reply.hijack();
    const run = (to: HttpReply): Promise<void> => this.commands.execute(new AnswerRequest(call, to));
    if (wish === null) await run(new HttpReply(reply.raw));
    else await this.reused.answer({ call, wish, response: reply.raw }, run);
  }
}
