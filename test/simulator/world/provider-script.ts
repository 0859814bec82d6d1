import type { Chance } from '../kernel/chance.js';

/** How a provider treats one attempt. */
export type Behaviour =
  | 'answer'
  | 'no usage'
  | 'zero usage'
  | 'huge usage'
  | 'status 500'
  | 'status 429'
  | 'status 400'
  | 'hang'
  | 'reset'
  | 'cut'
  | 'stream error'
  | 'garbage';

/** What the gateway asks of a provider. */
export interface Asked {
  readonly model: string;
  readonly messages: readonly { readonly content: string }[];
  readonly stream?: boolean;
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
}

interface Told {
  readonly input: number;
  readonly output: number;
}

/** One thing that comes back over the connection, a while after the one before. */
export type Piece = { readonly afterMs: number } & (
  | { readonly kind: 'head'; readonly status: number; readonly headers: Record<string, string> }
  | { readonly kind: 'data'; readonly text: string; readonly told?: Told }
  | { readonly kind: 'end'; readonly whole: boolean }
  | { readonly kind: 'reset' }
);

const STATUSES: Partial<Record<Behaviour, { status: number; headers: Record<string, string> }>> = {
  'status 500': { status: 500, headers: {} },
  'status 429': { status: 429, headers: { 'retry-after': '1' } },
  'status 400': { status: 400, headers: {} },
};

const sse = (data: unknown): string => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
const usageOf = ({ input, output }: Told) => ({ prompt_tokens: input, completion_tokens: output });
const chunkOf = (delta: object, finish: string | null = null) =>
  sse({ id: 'x', object: 'chat.completion.chunk', model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] });

/** Everything that a provider sends for one attempt, piece by piece. */
export function scriptOf(behaviour: Behaviour, asked: Asked, chance: Chance): Piece[] {
  const latencyMs = chance.between(20, 400);
  const failure = STATUSES[behaviour];
  if (failure !== undefined) {
    return [
      { afterMs: latencyMs, kind: 'head', ...failure },
      { afterMs: 0, kind: 'data', text: JSON.stringify({ error: { message: behaviour } }) },
      { afterMs: 0, kind: 'end', whole: false },
    ];
  }
  if (behaviour === 'reset') return [{ afterMs: latencyMs, kind: 'reset' }];
  if (behaviour === 'hang') return [];
  const told = tokensOf(behaviour, asked, chance);
  return asked.stream === true ? stream(behaviour, told, chance) : whole(behaviour, told, latencyMs);
}

function tokensOf(behaviour: Behaviour, asked: Asked, chance: Chance): Told | null {
  const most = asked.max_tokens ?? asked.max_completion_tokens ?? 400;
  if (behaviour === 'no usage') return null;
  if (behaviour === 'zero usage') return { input: 0, output: 0 };
  if (behaviour === 'huge usage') return { input: 10, output: most * 3 + 50 };
  return { input: 1 + chance.below(20), output: 1 + chance.below(Math.max(1, most)) };
}

function whole(behaviour: Behaviour, told: Told | null, latencyMs: number): Piece[] {
  const answer = JSON.stringify({
    id: 'x',
    object: 'chat.completion',
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'an answer of some length' }, finish_reason: 'stop' }],
    ...(told === null ? {} : { usage: usageOf(told) }),
  });
  const head: Piece = {
    afterMs: latencyMs,
    kind: 'head',
    status: 200,
    headers: { 'content-type': 'application/json' },
  };
  const half = answer.length >> 1;
  if (behaviour === 'cut')
    return [head, { afterMs: 5, kind: 'data', text: answer.slice(0, half) }, { afterMs: 5, kind: 'reset' }];
  if (behaviour === 'garbage' || behaviour === 'stream error') {
    return [head, { afterMs: 5, kind: 'data', text: '<html>' }, { afterMs: 0, kind: 'end', whole: false }];
  }
  return [
    head,
    { afterMs: 0, kind: 'data', text: answer.slice(0, half) },
    { afterMs: 2, kind: 'data', text: answer.slice(half), ...(told === null ? {} : { told }) },
    { afterMs: 0, kind: 'end', whole: true },
  ];
}

function stream(behaviour: Behaviour, told: Told | null, chance: Chance): Piece[] {
  const pieces: Piece[] = [
    { afterMs: chance.between(10, 150), kind: 'head', status: 200, headers: { 'content-type': 'text/event-stream' } },
    { afterMs: 1, kind: 'data', text: chunkOf({ role: 'assistant', content: '' }) },
  ];
  const count = 1 + chance.below(4);
  for (let index = 0; index < count; index += 1) {
    pieces.push({ afterMs: chance.between(5, 60), kind: 'data', text: chunkOf({ content: `piece ${index} of it ` }) });
  }
  if (behaviour === 'cut') return [...pieces.slice(0, 2 + chance.below(count + 1)), { afterMs: 3, kind: 'reset' }];
  if (behaviour === 'garbage')
    return [...pieces, { afterMs: 1, kind: 'data', text: 'data: {oh\n\n' }, { afterMs: 1, kind: 'end', whole: false }];
  if (behaviour === 'stream error') {
    const error = sse({ error: { message: 'the model fell over', type: 'server_error' } });
    return [...pieces, { afterMs: 1, kind: 'data', text: error }, { afterMs: 1, kind: 'end', whole: false }];
  }
  pieces.push({ afterMs: 5, kind: 'data', text: chunkOf({}, 'stop') });
  if (told !== null) {
    const usage = sse({ id: 'x', object: 'chat.completion.chunk', model: 'm', choices: [], usage: usageOf(told) });
    pieces.push({ afterMs: 0, kind: 'data', text: usage, told });
  }
  return [...pieces, { afterMs: 0, kind: 'data', text: sse('[DONE]') }, { afterMs: 0, kind: 'end', whole: true }];
}
