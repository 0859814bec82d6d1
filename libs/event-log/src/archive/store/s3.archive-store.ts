import { hash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { AwsV4Signer } from 'aws4fetch';
import { Agent, request } from 'undici';
import type { Clock, Secret } from '#contracts';
import { ArchiveStore, ArchiveStoreError } from './archive-store.port.js';

const TRIES = 4;
const FIRST_PAUSE_MS = 200;
const SILENCE_MAX_MS = 30_000;
/** Answers that a later try may change: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html. */
const isPassing = (status: number): boolean => status >= 500 || status === 408 || status === 409 || status === 429;

/** A bucket, and who may write to it. */
export interface S3Location {
  readonly bucket: string;
  /** What all keys begin with, `overture/`; '' for the whole bucket. */
  readonly prefix: string;
  readonly region: string;
  /** Origin of a server other than Amazon's, which is then asked for `/bucket/key`. */
  readonly endpoint: string | null;
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret | null;
}

interface Call {
  readonly method: 'GET' | 'PUT';
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
}

/** An archive in a bucket of Amazon S3 or of anything that speaks its protocol. */
export class S3ArchiveStore extends ArchiveStore {
  readonly #agent = new Agent({ headersTimeout: SILENCE_MAX_MS, bodyTimeout: SILENCE_MAX_MS });
  readonly #bucketUrl: string;

  constructor(
    private readonly location: S3Location,
    private readonly clock: Clock,
  ) {
    super();
    const { bucket, region, endpoint } = location;
    this.#bucketUrl =
      endpoint === null ? `https://${bucket}.s3.${region}.amazonaws.com` : `${endpoint.replace(/\/$/, '')}/${bucket}`;
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#ask({ method: 'PUT', key, body: bytes });
  }

  async get(key: string): Promise<Buffer | null> {
    const { status, bytes } = await this.#ask({ method: 'GET', key });
    return status === 404 ? null : bytes;
  }

  async list(prefix: string): Promise<readonly string[]> {
    const keys: string[] = [];
    let next: string | undefined;
    do {
      const query = { 'list-type': '2', 'encoding-type': 'url', prefix: this.location.prefix + prefix };
      const { bytes } = await this.#ask({
        method: 'GET',
        key: '',
        query: next === undefined ? query : { ...query, 'continuation-token': next },
      });
      const page = bytes.toString();
      const isEncoded = elementsOf(page, 'EncodingType')[0] === 'url';
      keys.push(...elementsOf(page, 'Key').map(isEncoded ? decodeName : decodeXml));
      next = elementsOf(page, 'NextContinuationToken').map(decodeXml)[0];
    } while (next !== undefined);
    return keys.map((key) => key.slice(this.location.prefix.length)).sort();
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  async #ask(call: Call): Promise<Answer> {
    for (let left = TRIES - 1, pauseMs = FIRST_PAUSE_MS; ; left -= 1, pauseMs *= 2) {
      const answer = await this.#send(call).catch((error: unknown) => {
        if (left === 0) throw this.#failure(call, error instanceof Error ? error.message : String(error));
        return null;
      });
      if (answer !== null && (left === 0 || !isPassing(answer.status))) return this.#assertGood(call, answer);
      await setTimeout(pauseMs);
    }
  }

  async #send({ method, key, query = {}, body }: Call): Promise<Answer> {
    const { accessKeyId, secretAccessKey, sessionToken, region, prefix } = this.location;
    const path = key === '' ? '' : `/${(prefix + key).split('/').map(encodeName).join('/')}`;
    const search = Object.entries(query).map(([name, value]) => `${name}=${encodeName(value)}`);
    const signed = await new AwsV4Signer({
      method,
      url: `${this.#bucketUrl}${path}${search.length === 0 ? '' : `?${search.join('&')}`}`,
      // Signed with the rest: the server refuses a body that was damaged on the way.
      headers: { 'x-amz-content-sha256': hash('sha256', body ?? '') },
      service: 's3',
      region,
      accessKeyId,
      secretAccessKey: secretAccessKey.reveal(),
      ...(sessionToken !== null && { sessionToken: sessionToken.reveal() }),
      datetime: new Date(this.clock.epochMs()).toISOString().replaceAll(/[:-]|\.\d{3}/g, ''),
    }).sign();
    const headers = Object.fromEntries(signed.headers);
    const answer = await request(signed.url, { method, headers, dispatcher: this.#agent, ...(body && { body }) });
    return { status: answer.statusCode, bytes: Buffer.from(await answer.body.arrayBuffer()) };
  }

  #assertGood(call: Call, answer: Answer): Answer {
    const { status, bytes } = answer;
    const code = elementsOf(bytes.subarray(0, 4_096).toString(), 'Code')[0] ?? '';
    const isMissing = status === 404 && call.method === 'GET' && code !== 'NoSuchBucket';
    if (status === 200 || (isMissing && call.key !== '')) return answer;
    throw this.#failure(call, `status ${status} ${code}`.trim());
  }

  #failure({ method, key }: Call, reason: string): ArchiveStoreError {
    const { bucket, prefix } = this.location;
    return new ArchiveStoreError(
      `The archive s3://${bucket}/${prefix} fails at ${method} ${key || 'list'}: ${reason}.`,
    );
  }
}

/** Signature V4 wants more escaped than a URL does. */
const encodeName = (name: string): string =>
  encodeURIComponent(name).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const elementsOf = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text = '']) => text);

/** Keys are asked for in the encoding of URLs, since XML cannot hold all of them; not every server obeys. */
const decodeName = (text: string): string => decodeURIComponent(decodeXml(text).replaceAll('+', ' '));

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const decodeXml = (text: string): string =>
  text.replaceAll(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (entity, decimal?: string, hex?: string, name = '') => {
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    return Number.isNaN(code) ? (ENTITIES[name as string] ?? entity) : String.fromCodePoint(code);
  });
