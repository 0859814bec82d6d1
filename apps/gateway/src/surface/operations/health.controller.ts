import { Controller, Get, HttpCode } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { PublicRoute } from '#tenancy';
import { GatewayError } from '#contracts';
import { Readiness } from './readiness.js';

interface HealthAnswer {
  readonly status: 'healthy';
  readonly version: string;
  readonly checks: HealthCheckResult['details'];
}

/** Readiness: 200 only when a request would be answered. */
@ApiTags('operations')
@Controller()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly readiness: Readiness,
  ) {}

  /** Liveness: to be asked by whoever would end a process that does not answer; never a reason not to be ready. */
  @Get('livez')
  @PublicRoute({ because: 'load balancers and orchestrators have no key' })
  @ApiOperation({ summary: 'The process lives: 200, also while it is not ready or stops' })
  live(): { status: 'alive' } {
    return { status: 'alive' };
  }

  @Get(['v1/health', 'health'])
  @HttpCode(200)
  @PublicRoute({ because: 'load balancers and orchestrators have no key' })
  @ApiOperation({ summary: 'Ready to answer: 200; otherwise 503 with what is missing' })
  @HealthCheck({ noCache: true, swaggerDocumentation: false })
  async check(): Promise<HealthAnswer> {
    try {
      const result = await this.health.check(this.readiness.indicators());
      return { status: 'healthy', version: this.readiness.version, checks: result.details };
    } catch (error) {
      throw new GatewayError('not_ready', `Not ready: ${this.readiness.missing().join(', ') || 'starting'}.`, {
        cause: error,
      });
    }
  }
}
