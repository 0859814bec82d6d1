import { EntityManager } from '@mikro-orm/postgresql';
import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { providerStats, type ProviderStats } from '#read-models';
import { RequirePermission } from '#tenancy';

/** How providers have been doing. */
@ApiTags('operations')
@ApiBearerAuth()
@Controller('v1/providers')
export class ProviderStatsController {
  constructor(private readonly em: EntityManager) {}

  @Get('stats')
  @RequirePermission('providers:read')
  @ApiOperation({ summary: 'Attempts, errors, latency and breaker state per connection and model' })
  async stats(): Promise<{ object: 'list'; data: readonly ProviderStats[] }> {
    return { object: 'list', data: await providerStats(this.em) };
  }
}
