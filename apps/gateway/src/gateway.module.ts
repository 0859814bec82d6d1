import { EntityManager } from '@mikro-orm/postgresql';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { TerminusModule, HealthIndicatorService } from '@nestjs/terminus';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { Clock } from '#contracts';
import { LogReader, ReplicaLog, UuidV7Source } from '#event-log';
import { AnonymousAccess, GuardedRoutes, KeyDirectory, RequirePermissionGuard } from '#tenancy';
import { Admission } from './answer-request/admission.js';
import { AnswerRequestHandler } from './answer-request/answer-request.handler.js';
import { AnswerSurroundings } from './answer-request/answer/answer.js';
import { ProviderCaller } from './answer-request/provider-caller.js';
import { RequestRouter } from './answer-request/request-router.js';
import { Settlement } from './answer-request/settlement.js';
import type { GatewayCore } from './boot/gateway-core.js';
import { FindRequestHandler } from './find-request/find-request.handler.js';
import { LOGGER } from './logger-token.js';
import { MetricsPage } from './metrics/metrics-page.js';
import { ModelCatalogue } from './routes/model-catalogue.js';
import { ConnectionBook } from './routes/connection-book.js';
import { GatewayErrorFilter } from './surface/gateway-error.filter.js';
import { CallReader } from './surface/openai/call-reader.js';
import { ChatController } from './surface/openai/chat.controller.js';
import { ModelsController } from './surface/openai/models.controller.js';
import { HealthController } from './surface/operations/health.controller.js';
import { MetricsController } from './surface/operations/metrics.controller.js';
import { ProviderStatsController } from './surface/operations/provider-stats.controller.js';
import { Readiness } from './surface/operations/readiness.js';
import { RequestsController } from './surface/operations/requests.controller.js';
import { OverloadGate } from './surface/overload-gate.js';
import { ReusedAnswers } from './traffic/reused-answers.js';

/** The data plane's composition root: every port is bound here, to what the process was started with. */
@Module({})
export class GatewayModule {
  static register(core: GatewayCore): DynamicModule {
    return {
      module: GatewayModule,
      // The metrics' controller belongs to a module that imports nothing.
      global: true,
      exports: [MetricsPage],
      imports: [
        CqrsModule.forRoot(),
        DiscoveryModule,
        TerminusModule.forRoot({ logger: false }),
        PrometheusModule.register({ controller: MetricsController }),
      ],
      controllers: [ChatController, ModelsController, RequestsController, ProviderStatsController, HealthController],
      providers: [...boundTo(core), ...madeByNest()],
    };
  }
}

const boundTo = (core: GatewayCore): Provider[] => [
  { provide: Clock, useValue: core.clock },
  { provide: LOGGER, useValue: core.logger },
  { provide: ReplicaLog, useValue: core.log },
  { provide: LogReader, useValue: core.projectedLog },
  { provide: EntityManager, useFactory: () => core.em.fork() },
  { provide: UuidV7Source, useValue: core.ids },
  { provide: KeyDirectory, useValue: core.keys },
  { provide: AnonymousAccess, useValue: core.anonymous },
  { provide: OverloadGate, useValue: core.overload },
  { provide: ConnectionBook, useValue: core.book },
  { provide: Admission, useValue: core.admission },
  { provide: RequestRouter, useValue: core.router },
  { provide: ProviderCaller, useValue: core.providers },
  { provide: Settlement, useValue: core.settlement },
  { provide: ReusedAnswers, useValue: core.reused },
  { provide: AnswerSurroundings, useValue: core.surroundings },
  { provide: MetricsPage, useValue: core.metricsPage },
  {
    provide: Readiness,
    useFactory: (health: HealthIndicatorService) => new Readiness(core.version, core.readinessChecks, health),
    inject: [HealthIndicatorService],
  },
];

const madeByNest = (): Provider[] => [
  AnswerRequestHandler,
  FindRequestHandler,
  CallReader,
  ModelCatalogue,
  GuardedRoutes,
  { provide: APP_GUARD, useClass: RequirePermissionGuard },
  { provide: APP_FILTER, useClass: GatewayErrorFilter },
];
