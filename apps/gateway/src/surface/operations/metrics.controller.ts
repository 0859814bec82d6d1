import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import { Registry } from 'prom-client';
import { PublicRoute } from '#tenancy';
import { MetricsPage } from '../../metrics/metrics-page.js';

/** Prometheus metrics of this gateway, all its workers included. */
@Controller()
export class MetricsController {
  constructor(private readonly page: MetricsPage) {}

  @Get()
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  @PublicRoute({ because: 'Prometheus scrapes without a key; labels hold no tenant, user or prompt' })
  @ApiExcludeEndpoint()
  index(): Promise<string> {
    return this.page.read();
  }
}
