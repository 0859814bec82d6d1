import { Type, type Static } from 'typebox';

const Slug = Type.String({
  pattern: '^[a-z0-9][a-z0-9._-]{0,62}$',
  description: 'Lower-case name: letters, digits, dot, dash, underscore.',
});
const ModelName = Type.String({ minLength: 1, maxLength: 200 });
const Usd = Type.String({
  pattern: '^[0-9]{1,12}(\\.[0-9]{1,9})?$',
  description: 'US dollars as a quoted decimal, at most nine places: "25.00". Quoted, because money is never a float.',
});
const UsdPerMillion = Type.String({
  pattern: '^[0-9]{1,9}(\\.[0-9]{1,6})?$',
  description: 'US dollars per million tokens as a quoted decimal: "0.15".',
});
const TimeoutMs = Type.Optional(Type.Integer({ minimum: 1, maximum: 3_600_000 }));

/** Prices that stand before every catalogue for one model of one connection. */
const ModelPrices = Type.Object(
  {
    inputPerMillionUsd: UsdPerMillion,
    outputPerMillionUsd: UsdPerMillion,
    cacheReadPerMillionUsd: Type.Optional(UsdPerMillion),
    cacheWritePerMillionUsd: Type.Optional(UsdPerMillion),
    reasoningPerMillionUsd: Type.Optional(UsdPerMillion),
    perRequestUsd: Type.Optional(Usd),
  },
  { additionalProperties: false },
);

const Model = Type.Object(
  {
    name: ModelName,
    upstream: Type.Optional(ModelName),
    prices: Type.Optional(ModelPrices),
    maxOutputTokens: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  {
    additionalProperties: false,
    description: 'A model by the name callers use, the name at the provider, and its own prices.',
  },
);

const Timeouts = Type.Object(
  { connectMs: TimeoutMs, headersMs: TimeoutMs, firstTokenMs: TimeoutMs, idleMs: TimeoutMs, totalMs: TimeoutMs },
  { additionalProperties: false },
);

const ConnectionEntry = Type.Object(
  {
    slug: Slug,
    provider: Type.String({
      description: 'openai xai mistral deepseek moonshot qwen zai minimax anthropic gemini simulated custom',
    }),
    baseUrl: Type.Optional(
      Type.String({ pattern: '^https?://', description: "Defaults to the provider's own address." }),
    ),
    apiKey: Type.Optional(Type.String({ minLength: 1, description: 'Best given as ${NAME_OF_A_VARIABLE}.' })),
    models: Type.Optional(Type.Array(Type.Union([ModelName, Model]), { minItems: 1 })),
    timeouts: Type.Optional(Timeouts),
  },
  { additionalProperties: false },
);

const BudgetEntry = Type.Object(
  {
    name: Slug,
    scope: Type.Union([Type.Literal('project'), Type.Literal('key')]),
    of: Type.String({ minLength: 1, description: 'Slug of the project, or name of the API key.' }),
    period: Type.Union([Type.Literal('day'), Type.Literal('month'), Type.Literal('total')]),
    limitUsd: Usd,
  },
  { additionalProperties: false },
);

const PerMinute = Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000 }));

const LimitEntry = Type.Object(
  {
    name: Slug,
    scope: Type.Union([Type.Literal('project'), Type.Literal('key')]),
    of: Type.String({
      minLength: 1,
      description: 'Slug of the project, name of the API key, or * for each by itself.',
    }),
    models: Type.Optional(Type.Array(ModelName, { minItems: 1, description: 'Models or groups; left out: all.' })),
    requestsPerMinute: PerMinute,
    tokensPerMinute: PerMinute,
    concurrentRequests: PerMinute,
  },
  { additionalProperties: false, description: 'What keys or projects may ask for; 429 beyond it.' },
);

const IdempotencyEntry = Type.Object(
  { ttlSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_592_000 })) },
  { additionalProperties: false },
);

const CacheEntry = Type.Object(
  {
    ttlSeconds: Type.Integer({ minimum: 1, maximum: 2_592_000 }),
    scope: Type.Union([Type.Literal('project'), Type.Literal('key')]),
    anyTemperature: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false, description: 'Left out: nothing is cached.' },
);

const RoutingEntry = Type.Object(
  {
    strategy: Type.Optional(
      Type.Union(['thompson-sampling', 'cost', 'latency', 'round-robin', 'weighted'].map((name) => Type.Literal(name))),
    ),
    epsilon: Type.Optional(Type.Number({ minimum: 0.001, maximum: 0.5 })),
    latencyScaleMs: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    costScaleUsd: Type.Optional(Usd),
    weights: Type.Optional(Type.Record(Type.String(), Type.Number({ exclusiveMinimum: 0 }))),
    unpricedModels: Type.Optional(Type.Union([Type.Literal('allow'), Type.Literal('block')])),
    sessionAffinity: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

/** The operator's file, `overture.yaml`. Unknown fields are errors: a misspelt budget must not be ignored. */
export const OvertureFile = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    connections: Type.Optional(Type.Array(ConnectionEntry)),
    groups: Type.Optional(
      Type.Record(Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }), {
        description: 'Model group → members, each `slug/model` or a model name.',
      }),
    ),
    budgets: Type.Optional(Type.Array(BudgetEntry)),
    limits: Type.Optional(Type.Array(LimitEntry)),
    idempotency: Type.Optional(IdempotencyEntry),
    cache: Type.Optional(CacheEntry),
    routing: Type.Optional(RoutingEntry),
  },
  { additionalProperties: false, title: 'Igris Overture configuration' },
);
export type OvertureFile = Static<typeof OvertureFile>;
export type ConnectionEntry = Static<typeof ConnectionEntry>;
export type ConfiguredLimit = Static<typeof LimitEntry>;
export type ModelEntry = Static<typeof Model>;
