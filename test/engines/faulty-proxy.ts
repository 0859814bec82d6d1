import { createServer, type Server } from 'node:net';
import { Dice } from '../faults/lab/dice.js';
import { KafkaConversation, KafkaLosses, type KafkaLoss } from './proxy/kafka-losses.js';
import { Link, type Inspection, type Roads } from './proxy/link.js';
import { FAIR_WEATHER, Road, type Weather } from './proxy/road.js';
import { stablePort } from './process/stable-port.js';

export interface FaultyProxyOptions {
  /** Of everything random: jitter, slices, chances. */
  readonly seed?: number;
  /** Port of loopback to connect to, or a Unix socket; may be set later. */
  readonly target?: number | string;
  /** `kafka` reads frames, so that single ones can be lost; a frame is then passed on when it is whole. */
  readonly protocol?: 'kafka';
}

/** `both`, or one direction only. */
export type Direction = keyof Roads | 'both';

type Counted = 'accepted' | 'cut' | 'forgotten' | 'lost' | 'delayed' | 'held' | 'requestsLost' | 'responsesLost';

const UNREAD: Inspection = { toServer: (chunk) => [chunk], toClient: (chunk) => [chunk] };

/**
 * A TCP proxy on loopback that lets everything pass until it is told otherwise. Its port is known before its target is,
 * as a broker needs it that tells its clients to come by the proxy.
 */
export class FaultyProxy {
  /** Where the next connections lead to, a port of loopback or a Unix socket; those of before stay. */
  target: number | string;
  private readonly roads: Roads = { toServer: new Road(), toClient: new Road() };
  private readonly links = new Set<Link>();
  private readonly losses: KafkaLosses;
  private readonly cuts = { cut: 0, forgotten: 0, accepted: 0 };
  private server: Server | undefined;
  private closed = Promise.resolve();
  private readonly dice: Dice;

  private constructor(
    readonly port: number,
    private readonly options: FaultyProxyOptions,
  ) {
    this.target = options.target ?? 0;
    this.dice = new Dice(options.seed ?? 1);
    this.losses = new KafkaLosses(this.dice);
  }

  static async start(options: FaultyProxyOptions = {}): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(await stablePort(), options);
    await proxy.admit();
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** What really happened, not what was asked for: connections; writes lost, delayed or held back; Kafka's frames. */
  get counts(): Record<Counted, number> {
    const { request, response } = this.losses.counts;
    const roads = Object.values(this.roads) as Road[];
    const [lost, held] = [sum(roads.map((road) => road.lost)), sum(roads.map((road) => road.held))];
    const delayed = sum(roads.map((road) => road.delayed));
    return { ...this.cuts, lost, held, delayed, requestsLost: request, responsesLost: response };
  }

  get connections(): number {
    return this.links.size;
  }

  /** Cuts every connection, in order (`fin`) or not, and says how many there were. New ones are welcome. */
  cut(how: 'fin' | 'rst' = 'rst'): number {
    const { size } = this.links;
    for (const link of this.links) link.end(how);
    this.cuts.cut += size;
    return size;
  }

  /**
   * What is between the two sides has forgotten their connections, as a firewall does that starts anew: on these
   * neither hears anything more, an end included. Says how many there were. New ones are welcome.
   */
  forget(): number {
    const { size } = this.links;
    for (const link of this.links) link.silence();
    this.cuts.forgotten += size;
    return size;
  }

  /** Nobody listens any more: new connections are refused, old ones stay. */
  refuse(): void {
    const { server } = this;
    this.server = undefined;
    // It stops to listen at once, and is closed when the old connections are.
    if (server !== undefined) this.closed = new Promise((resolve) => server.close(() => resolve()));
  }

  /** Listens again after {@link refuse}. */
  async admit(): Promise<void> {
    if (this.server !== undefined) return;
    const server = createServer({ allowHalfOpen: true }, (client) => {
      const { roads, dice, losses, options } = this;
      const inspection = options.protocol === 'kafka' ? new KafkaConversation(losses) : UNREAD;
      const onClosed = (): void => void this.links.delete(link);
      const link = new Link(client, { roads, dice, inspection, target: () => this.target, onClosed });
      this.cuts.accepted += 1;
      this.links.add(link);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(this.port, '127.0.0.1', resolve);
    });
    this.server = server;
  }

  /**
   * The other side vanishes without a word: what is sent, ends of connections included, waits for {@link heal}, as TCP
   * does. New connections are let in (the kernel does that), and then hear nothing.
   */
  blackhole(direction: Direction = 'both'): void {
    for (const road of this.roadsOf(direction)) road.block();
  }

  /** Makes bytes that come from now on slow, sliced or both. */
  slow(weather: Partial<Weather>, direction: Direction = 'both'): void {
    for (const road of this.roadsOf(direction)) road.weather = { ...FAIR_WEATHER, ...weather };
  }

  /** The broker did what it was asked to, and nobody hears of it: an acknowledgement is lost on its way. */
  dropResponse(loss: Omit<KafkaLoss, 'what'>): void {
    this.lose({ ...loss, what: 'response' });
  }

  /** The broker never hears of it; to the client it looks as a lost response does. */
  dropRequest(loss: Omit<KafkaLoss, 'what'>): void {
    this.lose({ ...loss, what: 'request' });
  }

  /** Lets everything pass again, that which waited first. Refused connections need {@link admit}. */
  heal(): void {
    this.losses.clear();
    this.slow({});
    for (const road of this.roadsOf('both')) road.unblock();
  }

  /** Ends everything. */
  async close(): Promise<void> {
    this.refuse();
    for (const link of this.links) link.destroy();
    await this.closed;
  }

  private lose(loss: KafkaLoss): void {
    if (this.options.protocol !== 'kafka') throw new Error("a proxy without protocol: 'kafka' reads no frames");
    this.losses.add(loss);
  }

  private roadsOf(direction: Direction): Road[] {
    return direction === 'both' ? Object.values(this.roads) : [this.roads[direction]];
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
