import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** A request as its signature sees it: path and query still escaped, header names in lower case. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `host;x-amz-date`. */
  readonly signedHeaders: string;
  readonly payloadHash: string;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, written from that page. */
export function signatureOf(request: SignedRequest, secret: string, region: string): string {
  const { method, path, query, headers, signedHeaders, payloadHash } = request;
  const canonicalHeaders = signedHeaders.split(';').map((name) => `${name}:${headers[name]?.trim() ?? ''}\n`);
  const canonicalQuery = query.split('&').filter(Boolean).map((part) => (part.includes('=') ? part : `${part}=`)).sort();
  const canonical = [method, path, canonicalQuery.join('&'), canonicalHeaders.join(''), signedHeaders, payloadHash];
  const moment = headers['x-amz-date'] ?? '';
  const scope = `${moment.slice(0, 8)}/${region}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', moment, scope, sha256(canonical.join('\n'))].join('\n');
  const key = ['s3', 'aws4_request'].reduce<Buffer>(hmac, hmac(hmac(`AWS4${secret}`, moment.slice(0, 8)), region));
  return createHmac('sha256', key).update(toSign).digest('hex');
}

export const CREDENTIALS = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const REGION = 'eu-central-1';
const PAGE_KEYS = 10;

interface Reply {
  readonly status: number;
  readonly body?: string | Buffer;
}

const failure = (status: number, code: string): Reply => ({
  status,
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
});

/** One bucket behind S3's protocol. A request whose signature or body hash is wrong is refused. */
export class S3Server {
  readonly objects = new Map<string, Buffer>();
  readonly requests: string[] = [];
  /** As Amazon does; other servers leave keys as they are. */
  encodesKeys = true;
  /** Answers to give first, instead of doing what is asked. */
  readonly failures: { readonly status: number; readonly code: string }[] = [];

  private constructor(private readonly server: Server) {}

  static async start(bucket = 'bucket'): Promise<S3Server> {
    const server = createServer();
    const started = new S3Server(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { status, body = '' } = started.#answer(request, Buffer.concat(chunks), bucket);
        response.writeHead(status).end(body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return started;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #answer(request: IncomingMessage, body: Buffer, bucket: string): Reply {
    const { method = '', url = '' } = request;
    this.requests.push(`${method} ${url}`);
    const planned = this.failures.shift();
    if (planned !== undefined) return failure(planned.status, planned.code);
    const [path = '', query = ''] = url.split('?');
    const refusal = refusalOf(request, { path, query, body });
    if (refusal !== null) return failure(403, refusal);
    const [, name, ...rest] = path.split('/');
    if (name !== bucket) return failure(404, 'NoSuchBucket');
    const key = decodeURIComponent(rest.join('/'));
    if (method === 'PUT') {
      this.objects.set(key, body);
      return { status: 200 };
    }
    if (key === '') return this.#list(new URLSearchParams(query));
    const object = this.objects.get(key);
    return object === undefined ? failure(404, 'NoSuchKey') : { status: 200, body: object };
  }

  #list(query: URLSearchParams): Reply {
    if (query.get('list-type') !== '2') return failure(400, 'InvalidArgument');
    const isEncoded = this.encodesKeys && query.get('encoding-type') === 'url';
    const after = query.get('continuation-token')?.replace(/^after&/, '') ?? '';
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after);
    const page = keys.sort().slice(0, PAGE_KEYS);
    const more = keys.length > page.length;
    const next = `<NextContinuationToken>after&amp;${page.at(-1)}</NextContinuationToken>`;
    const contents = page.map((key) => `<Contents><Key>${isEncoded ? urlEncoded(key) : xmlEncoded(key)}</Key><Size>1</Size></Contents>`);
    const head = `<IsTruncated>${more}</IsTruncated>${isEncoded ? '<EncodingType>url</EncodingType>' : ''}`;
    const body = `${head}${more ? next : ''}${contents.join('')}`;
    return { status: 200, body: `<ListBucketResult>${body}</ListBucketResult>` };
  }
}

/** As S3 encodes keys in a listing: a space is a plus. */
const urlEncoded = (key: string): string => new URLSearchParams({ key }).toString().slice('key='.length);

/** As Go's servers do. */
const xmlEncoded = (key: string): string =>
  key.replaceAll(/[&<>'"]/g, (character) => `&#${character.charCodeAt(0)};`);

function refusalOf(
  request: IncomingMessage,
  { path, query, body }: { readonly path: string; readonly query: string; readonly body: Buffer },
): string | null {
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const credential = `${CREDENTIALS.accessKeyId}/(\\d{8})/${REGION}/s3/aws4_request`;
  const pattern = `^AWS4-HMAC-SHA256 Credential=${credential}, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$`;
  const [, , signedHeaders = '', signature = ''] = new RegExp(pattern).exec(headers['authorization'] ?? '') ?? [];
  if (signature === '') return 'AccessDenied';
  const mustBeSigned = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))];
  if (!mustBeSigned.every((name) => signedHeaders.split(';').includes(name))) return 'AccessDenied';
  const payloadHash = headers['x-amz-content-sha256'] ?? '';
  if (payloadHash !== sha256(body)) return 'XAmzContentSHA256Mismatch';
  const signed = { method: request.method ?? '', path, query, headers, signedHeaders, payloadHash };
  return signature === signatureOf(signed, CREDENTIALS.secret, REGION) ? null : 'SignatureDoesNotMatch';
}
