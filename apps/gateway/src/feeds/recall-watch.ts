import { Client } from 'pg';
import type { Logger } from 'pino';
import { RepeatedTrouble } from '#telemetry';

/** Where one slot asks the others for idle money. */
export const RECALL_CHANNEL = 'overture_recall';
const LISTEN_AGAIN_AFTER_MS = 1_000;
/** One that has not answered by the next time is given up. */
const ASK_EVERY_MS = 5_000;
const PATIENCE = { keepAlive: true, connectionTimeoutMillis: 5_000 };

/** Listens for recalls on a connection of its own, and connects again when it breaks: a lost recall costs a refusal. */
export class RecallWatch {
  private client: Client | null = null;
  private timer: NodeJS.Timeout | undefined;
  private beat: NodeJS.Timeout | undefined;
  private closed = false;
  private readonly trouble: RepeatedTrouble;

  constructor(
    private readonly url: string,
    logger: Logger,
    private readonly onRecall: (payload: string) => void,
  ) {
    this.trouble = new RepeatedTrouble('recalls of budget slices', logger);
  }

  async connect(): Promise<void> {
    const client = new Client({ connectionString: this.url, application_name: 'gateway recalls', ...PATIENCE });
    this.client = client;
    client.on('notification', ({ payload = '' }) => this.onRecall(payload));
    client.on('error', (error) => this.again(error));
    try {
      await client.connect();
      await client.query(`listen ${RECALL_CHANNEL}`);
      this.trouble.over();
      this.listenOn(client);
    } catch (error) {
      this.again(error);
    }
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    clearInterval(this.beat);
    this.client?.end().catch(() => undefined); // it is going away either way
  }

  /** Nobody says so when the network has forgotten a connection on which nothing is sent: it has to be asked. */
  private listenOn(client: Client): void {
    let isAnswered = true;
    clearInterval(this.beat);
    this.beat = setInterval(() => {
      if (!isAnswered) return this.again(new Error('PostgreSQL does not answer'));
      isAnswered = false;
      client.query('select 1').then(
        () => (isAnswered = true),
        () => undefined, // told as an event, too
      );
    }, ASK_EVERY_MS).unref();
  }

  private again(error: unknown): void {
    if (this.closed) return;
    this.trouble.tell('recalls of budget slices are not heard; listening again', { err: error });
    this.client?.end().catch(() => undefined);
    clearTimeout(this.timer);
    clearInterval(this.beat);
    this.timer = setTimeout(() => void this.connect(), LISTEN_AGAIN_AFTER_MS).unref();
  }
}
