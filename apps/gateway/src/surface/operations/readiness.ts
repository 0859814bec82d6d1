import { HealthIndicatorService, type HealthIndicatorFunction, type HealthIndicatorResult } from '@nestjs/terminus';
import { Injectable } from '@nestjs/common';

/** One thing that must hold before a request can be answered. */
export interface ReadinessCheck {
  readonly name: string;
  /** Null when it holds; otherwise what is missing. */
  readonly problem: () => string | null;
}

/**
 * Whether a request would be answered: only what the data plane itself needs, so that a slow projector stops nobody.
 */
@Injectable()
export class Readiness {
  constructor(
    readonly version: string,
    private readonly checks: readonly ReadinessCheck[],
    private readonly health: HealthIndicatorService,
  ) {}

  indicators(): HealthIndicatorFunction[] {
    return this.checks.map(({ name, problem }) => (): HealthIndicatorResult => {
      const found = problem();
      const indicator = this.health.check(name);
      return found === null ? indicator.up() : indicator.down({ message: found });
    });
  }

  missing(): string[] {
    return this.checks.flatMap(({ name, problem }) => {
      const found = problem();
      return found === null ? [] : [`${name}: ${found}`];
    });
  }
}
