import type { Dispatcher } from 'undici';
import type { UpstreamPools } from '#providers';
import type { Chance } from '../kernel/chance.js';
import type { Schedule } from '../kernel/schedule.js';
import { scriptOf, type Asked, type Behaviour, type Piece } from './provider-script.js';

/** What one provider did for one attempt, as only the provider knows it. */
export interface Exchange {
  readonly request: number;
  /** `slug/model`. */
  readonly candidate: string;
  readonly behaviour: Behaviour;
  /** The provider's own count, once the gateway has it. */
  told: { readonly input: number; readonly output: number } | null;
  /** The gateway has the whole answer. */
  complete: boolean;
  /** The gateway hung up. */
  stopped: boolean;
}

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

const BEHAVIOURS: Readonly<Record<Behaviour, number>> = {
  answer: 74,
  'no usage': 4,
  'zero usage': 3,
  'huge usage': 3,
  'status 500': 4,
  'status 429': 2,
  'status 400': 1,
  hang: 1.5,
  reset: 2,
  cut: 3,
  'stream error': 1.5,
  garbage: 1,
};

/** Every provider of the world behind undici's port; keeps the truth about each exchange. */
export class Providers {
  readonly exchanges: Exchange[] = [];
  /** Connections that fail at the moment. */
  readonly failing = new Set<string>();

  constructor(
    private readonly schedule: Schedule,
    private readonly chance: Chance,
  ) {}

  /** The pools of one process. */
  asPools(): UpstreamPools {
    const pools = {
      routeTo: ({ slug }: { slug: string }) => ({
        basePath: '',
        pool: {
          dispatch: (options: Dispatcher.DispatchOptions, handler: Handler) => this.dispatch(slug, options, handler),
        },
      }),
    };
    return pools as unknown as UpstreamPools;
  }

  private dispatch(connection: string, { body }: Dispatcher.DispatchOptions, handler: Handler): boolean {
    const asked = JSON.parse((body as Buffer | string).toString()) as Asked;
    const behaviour = this.failing.has(connection) ? 'status 500' : this.chance.pickWeighted(BEHAVIOURS);
    const request = Number(/request (\d+)/.exec(asked.messages[0]!.content)?.[1]);
    const candidate = `${connection}/${asked.model}`;
    const exchange: Exchange = { request, candidate, behaviour, told: null, complete: false, stopped: false };
    this.exchanges.push(exchange);
    const script = scriptOf(behaviour, asked, this.chance);
    let paused = false;
    let waiting: (() => void) | null = null;
    const goOn = (at: number): void => {
      const piece = script[at];
      if (piece === undefined || exchange.stopped) return;
      const tell = (): void => {
        if (exchange.stopped) return;
        play(piece, { exchange, handler, controller });
        goOn(at + 1);
      };
      this.schedule.after(piece.afterMs, () => (paused ? void (waiting = tell) : tell()));
    };
    const controller = {
      abort: () => void (exchange.stopped = true),
      pause: () => void (paused = true),
      resume: () => {
        paused = false;
        waiting?.();
        waiting = null;
      },
    } as unknown as Controller;
    handler.onRequestStart?.(controller, null);
    goOn(0);
    return true;
  }
}

interface Stage {
  readonly exchange: Exchange;
  readonly handler: Handler;
  readonly controller: Controller;
}

function play(piece: Piece, { exchange, handler, controller }: Stage): void {
  switch (piece.kind) {
    case 'head':
      return handler.onResponseStart?.(controller, piece.status, piece.headers, '');
    case 'data':
      if (piece.told !== undefined) exchange.told = piece.told;
      return handler.onResponseData?.(controller, Buffer.from(piece.text));
    case 'end':
      exchange.complete = piece.whole;
      return handler.onResponseEnd?.(controller, {});
    case 'reset':
      return handler.onResponseError?.(controller, Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
  }
}
