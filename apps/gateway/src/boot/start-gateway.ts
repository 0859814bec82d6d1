import { setTimeout as pause } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { NestLogger } from '#telemetry';
import { PolledFeed } from '../feeds/polled-feed.js';
import { PostgresBudgetSource } from '../feeds/postgres.budget-source.js';
import { PostgresKeySource } from '../feeds/postgres.key-source.js';
import { PosteriorFeed } from '../feeds/posteriors/posterior-feed.js';
import { GatewayModule } from '../gateway.module.js';
import { registerGauges } from '../metrics/register-gauges.js';
import { OpenConnections } from '../surface/connections/open-connections.js';
import { ServerClose } from '../surface/connections/server-close.js';
import { BODY_BYTES_MAX, createHttpAdapter } from '../surface/http-adapter.js';
import { closeOpenRequests, keepCheckpoints } from './recovery/close-open-requests.js';
import { wireGateway, type GatewayCore, type GatewayEngines } from './gateway-core.js';

const REVOCATION_POLL_MS = 2_000;
const TEND_BUDGETS_MS = 1_000;
const DRAIN_WITHIN_MS = 60_000;
/** What is not shipped by then stays in the journal for the next start; closing takes five seconds more at most. */
const SHIP_WITHIN_MS = 5_000;
/** What the disk does not take by then is booked by the next start, which finds those requests open. */
const RECORD_WITHIN_MS = 10_000;

export interface RunningGateway {
  readonly address: string;
  /** Answers what is in flight, makes it durable, gives slices back, and stops. */
  stop(): Promise<void>;
}

/** Recovers, connects the feeds, and only then listens. */
export async function startGateway(engines: GatewayEngines): Promise<RunningGateway> {
  const core = wireGateway(engines);
  const posteriors = new PosteriorFeed(core);
  registerGauges(core, posteriors);
  await closeOpenRequests({ ...core, catalogueVersion: core.book.catalogueVersion });
  const feeds = feedsOf(core);
  for (const feed of [...feeds, posteriors]) await feed.start();
  await core.traffic.start({ onKeyChange: () => feeds[0]?.refreshNow() });
  const stopCheckpoints = keepCheckpoints(core);
  const tending = setInterval(() => {
    void core.budgets.tend({ epochMs: core.clock.epochMs(), monotonicMs: core.clock.monotonicMs() });
  }, TEND_BUDGETS_MS).unref();
  const app = await createApp(core);
  const connections = new OpenConnections();
  const { port, host } = core.config.environment;
  await listen(app, { port, host });
  return {
    address: await app.getUrl(),
    stop: async () => {
      core.overload.announceStop();
      connections.announceEnd();
      const close = new ServerClose(app);
      await pause(core.config.environment.drainGraceMs);
      core.overload.startDraining();
      await core.overload.drained(DRAIN_WITHIN_MS);
      await close.finish();
      connections.close();
      const shipped = core.shipper?.stop({ withinMs: SHIP_WITHIN_MS });
      const recorded = core.reused.idle().then(() => core.facts.idle());
      await Promise.race([recorded, pause(RECORD_WITHIN_MS, undefined, { ref: false })]);
      if (core.facts.pendingBatches > 0) {
        const batches = core.facts.pendingBatches;
        core.logger.error({ batches }, 'the journal does not take what is left; the next start books those requests');
      }
      core.facts.close();
      clearInterval(tending);
      core.overload.close();
      await Promise.all([...feeds, posteriors].map((feed) => feed.close()));
      await core.budgets.close().catch((error: unknown) => {
        const message = 'slices of budgets could not be given back; the next start does it, by what the journal says';
        core.logger.warn({ err: error }, message);
      });
      await stopCheckpoints();
      await shipped;
      await core.traffic.close();
      await core.pools.close();
    },
  };
}

const feedsOf = ({ em, keys, directory, traffic, database, logger }: GatewayCore): PolledFeed[] =>
  [new PostgresKeySource(em.fork(), keys), new PostgresBudgetSource(em.fork(), directory), traffic.limitSource].map(
    (source) => new PolledFeed(database.heardBy(source), REVOCATION_POLL_MS, logger),
  );

/** The address is not to be had; says what to change. */
class ListenError extends Error {
  constructor({ port, host }: { port: number; host: string }, reason: string) {
    super(`Cannot listen on ${host}:${port} (${reason}): stop what is there, or choose another PORT or HOST.`);
    this.name = 'ListenError';
  }
}

async function listen(app: NestFastifyApplication, address: { port: number; host: string }): Promise<void> {
  try {
    await app.listen({ ...address, backlog: 4096 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ListenError(address, code);
  }
}

async function createApp(core: GatewayCore): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(GatewayModule.register(core), createHttpAdapter(), {
    logger: new NestLogger(core.logger),
    bodyParser: false,
    abortOnError: false,
  });
  // Bodies stay bytes: same-dialect requests are forwarded as they came.
  app.useBodyParser('application/json', { bodyLimit: BODY_BYTES_MAX }, (_request, body, done) => done(null, body));
  const document = new DocumentBuilder()
    .setTitle('Igris Overture')
    .setDescription('Event-sourced, OpenAI-compatible LLM gateway')
    .setVersion(core.version)
    .addBearerAuth()
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, document), {
    customSiteTitle: 'Igris Overture API',
  });
  return app;
}
