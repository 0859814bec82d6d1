import { GatewayError, type ChatRequest } from '#contracts';
import { GATEWAY_FIELDS } from '../gateway-fields.js';

/** Fields that every translation reads, or that the gateway answers itself. */
const ALWAYS_READ = ['model', 'messages', 'stream', 'stream_options', ...GATEWAY_FIELDS];

/** Values that ask for nothing: leaving them out loses nothing. */
const VALUES_WITHOUT_EFFECT: Readonly<Record<string, unknown>> = {
  n: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  logprobs: false,
  top_logprobs: 0,
  logit_bias: {},
  store: false,
  modalities: ['text'],
  verbosity: 'medium',
  parallel_tool_calls: true,
  response_format: { type: 'text' },
};

/** Most lines that are worth a header; whatever comes after is summed up. */
const WARNINGS_MAX = 32;
const AND_OTHERS = 'and others';
const FIELD_LENGTH_MAX = 60;

/**
 * The fields of a request on their way into a provider's format. What nobody takes is named in a warning, so that a
 * translation cannot drop a field in silence.
 */
export class RequestFields {
  private readonly open: Map<string, unknown>;
  private readonly lines = new Set<string>();

  constructor(
    request: ChatRequest,
    private readonly provider: string,
  ) {
    this.open = new Map(Object.entries(request).filter(([name, value]) => asksForSomething(name, value)));
    for (const name of ALWAYS_READ) this.open.delete(name);
  }

  /** The field, which is dealt with from here on; undefined when it is missing, null or without effect. */
  take<K extends keyof ChatRequest & string>(name: K): NonNullable<ChatRequest[K]> | undefined {
    const value = this.open.get(name);
    this.open.delete(name);
    return value as NonNullable<ChatRequest[K]> | undefined;
  }

  /** Tells the caller that a field was changed or left out. The name may be the caller's own and is made printable. */
  warn(field: string, whatHappened: string): void {
    this.lines.add(this.lines.size < WARNINGS_MAX ? `${printable(field)}: ${whatHappened}` : AND_OTHERS);
  }

  leaveOut(field: string): void {
    this.warn(field, `left out, ${this.provider} has nothing like it`);
  }

  /** @throws GatewayError always: the request cannot be told to this provider. */
  refuse(param: string, why: string): never {
    throw new GatewayError('unsupported_parameter', `Remove \`${printable(param)}\` or choose another model: ${why}.`, {
      param,
    });
  }

  /** Everything that was changed or left out, one line each. */
  warnings(): string[] {
    for (const name of this.open.keys()) this.leaveOut(name);
    return [...this.lines];
  }

  /** The caller's limit on output tokens, reasoning included. */
  takeOutputCap(): number | undefined {
    const caps = [this.take('max_completion_tokens'), this.take('max_tokens')].filter((cap) => cap !== undefined);
    return caps.length === 0 ? undefined : Math.min(...caps);
  }

  takeStopSequences(): string[] {
    const stop = this.take('stop');
    return stop === undefined ? [] : [stop].flat();
  }
}

function asksForSomething(name: string, value: unknown): boolean {
  if (value === null || value === undefined) return false;
  if (!Object.hasOwn(VALUES_WITHOUT_EFFECT, name)) return true;
  return JSON.stringify(value) !== JSON.stringify(VALUES_WITHOUT_EFFECT[name]);
}

/** Warnings become a response header: nothing of the caller's may break its line. */
const printable = (field: string): string => field.slice(0, FIELD_LENGTH_MAX).replace(/[^\w.[\]-]/g, '?');
