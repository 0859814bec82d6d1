import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import { PrometheusController } from '@willsoto/nestjs-prometheus';
import type { FastifyReply } from 'fastify';
import { PublicRoute } from '#tenancy';

/** Prometheus metrics of this process. */
@Controller()
export class MetricsController extends PrometheusController {
  @Get()
  @PublicRoute({ because: 'Prometheus scrapes without a key; labels hold no tenant, user or prompt' })
  @ApiExcludeEndpoint()
  override async index(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return super.index(reply);
  }
}
