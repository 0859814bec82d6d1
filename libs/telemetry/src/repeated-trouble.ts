import type { Logger } from 'pino';

const REPORT_EVERY_MS = 60_000;
/** Messages name addresses and hosts: more kinds than these are counted together. */
const KINDS_MAX = 16;
const MORE = 'others';

/**
 * Trouble that comes again and again while something is away: each kind is told when it first comes, then how often it
 * came in each minute, and in the end that it is over. Hundreds of equal lines a minute would hide all others.
 */
export class RepeatedTrouble {
  /** How often each kind came since the last report. */
  private readonly kinds = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private total = 0;

  /** @param what is in trouble, for the lines that sum up. */
  constructor(
    private readonly what: string,
    private readonly logger: Pick<Logger, 'warn' | 'info'>,
  ) {}

  tell(message: string, details: object = {}): void {
    this.timer ??= setInterval(() => this.report(), REPORT_EVERY_MS).unref();
    this.total += 1;
    const kind = this.kindOf(message, details);
    const times = this.kinds.get(kind);
    this.kinds.set(kind, (times ?? 0) + 1);
    if (times === undefined) this.logger.warn(details, message);
  }

  /** It works again. Who cannot tell need not: after a minute without trouble it is over by itself. */
  over(): void {
    if (this.timer === undefined) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.logger.info({ times: this.total }, `${this.what}: back again`);
    this.kinds.clear();
    this.total = 0;
  }

  private report(): void {
    const seen = [...this.kinds].filter(([, times]) => times > 0);
    if (seen.length === 0) return this.over();
    const times = seen.reduce((sum, [, each]) => sum + each, 0);
    this.logger.warn({ times, kinds: Object.fromEntries(seen) }, `${this.what}: still in trouble`);
    for (const [kind] of seen) this.kinds.set(kind, 0);
  }

  /** Numbers are ports, offsets and the like: they make no other kind. */
  private kindOf(message: string, details: object): string {
    const { err } = details as { readonly err?: unknown };
    const name = err instanceof Error ? ` (${err.name})` : '';
    const kind = message.replaceAll(/\d+/g, '#') + name;
    return this.kinds.has(kind) || this.kinds.size < KINDS_MAX ? kind : MORE;
  }
}
