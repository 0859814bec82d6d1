import { Controller, Get, Param, Req } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { RequestView } from '#read-models';
import { RequirePermission, principalOf, type AuthenticatedRequest } from '#tenancy';
import { FindRequest } from '../../find-request/find-request.handler.js';

/** What became of one's own requests. */
@ApiTags('requests')
@ApiBearerAuth()
@Controller('v1/requests')
export class RequestsController {
  constructor(private readonly queries: QueryBus) {}

  @Get(':id')
  @RequirePermission('requests:read')
  @ApiOperation({ summary: 'Everything the log knows about one request, by its x-request-id' })
  find(@Param('id') id: string, @Req() request: AuthenticatedRequest): Promise<RequestView> {
    return this.queries.execute(new FindRequest(principalOf(request).tenantId, id));
  }
}
