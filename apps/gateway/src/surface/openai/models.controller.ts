import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '#tenancy';
import { ModelCatalogue, type ModelCard } from '../../routes/model-catalogue.js';

/** Models and groups that a request may name. */
@ApiTags('inference')
@ApiBearerAuth()
@Controller('v1')
export class ModelsController {
  constructor(private readonly catalogue: ModelCatalogue) {}

  @Get('models')
  @RequirePermission('models:read')
  @ApiOperation({ summary: 'Models, groups and pinned models (`@slug/model`), with prices where they are known' })
  list(): { object: 'list'; data: readonly ModelCard[] } {
    return { object: 'list', data: this.catalogue.cards() };
  }
}
