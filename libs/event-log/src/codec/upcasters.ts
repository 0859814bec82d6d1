import type { EventDefinition } from '#contracts';

/**
 * Turns the payload of version `from` of one type into that of version `from` + 1. Pure: no clock, no random, no I/O.
 */
export interface Upcaster {
  readonly type: string;
  readonly from: number;
  upcast(data: Record<string, unknown>): Record<string, unknown>;
}

/** Lifts payloads as they were written long ago to what today's code reads. The log's bytes are never rewritten. */
export class Upcasters {
  readonly #steps = new Map<string, Upcaster>();

  constructor(upcasters: readonly Upcaster[]) {
    for (const upcaster of upcasters) {
      const step = stepName(upcaster.type, upcaster.from);
      if (this.#steps.has(step)) throw new Error(`There are two upcasters from ${step}.`);
      this.#steps.set(step, upcaster);
    }
  }

  /** @throws Error naming the first version of a definition that no chain of upcasters leads from. */
  assertComplete(definitions: readonly EventDefinition[]): void {
    for (const { type, version } of definitions) {
      for (let from = 1; from < version; from += 1) this.#step(type, from);
    }
  }

  lift(definition: EventDefinition, version: number, data: Record<string, unknown>): Record<string, unknown> {
    let lifted = data;
    for (let from = version; from < definition.version; from += 1) {
      lifted = this.#step(definition.type, from).upcast(lifted);
    }
    return lifted;
  }

  #step(type: string, from: number): Upcaster {
    const upcaster = this.#steps.get(stepName(type, from));
    if (upcaster === undefined) throw new Error(`There is no upcaster from ${stepName(type, from)}.`);
    return upcaster;
  }
}

const stepName = (type: string, version: number): string => `${type} v${version}`;
