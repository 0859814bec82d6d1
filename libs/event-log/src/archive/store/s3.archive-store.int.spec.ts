import { inspect } from 'node:util';
import { Secret } from '#contracts';
import { CREDENTIALS, S3Server, signatureOf, type SignedRequest } from './__fixtures__/s3-server.js';
import { itIsAnArchiveStore } from './archive-store.suite.js';
import { S3ArchiveStore, type S3Location } from './s3.archive-store.js';

const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() };

describe('S3ArchiveStore', () => {
  let server: S3Server;

  const open = (more: Partial<S3Location> = {}): S3ArchiveStore =>
    new S3ArchiveStore(
      {
        bucket: 'bucket',
        prefix: 'overture/eu/',
        region: 'eu-central-1',
        endpoint: server.endpoint,
        accessKeyId: CREDENTIALS.accessKeyId,
        secretAccessKey: new Secret(CREDENTIALS.secret),
        sessionToken: null,
        ...more,
      },
      clock,
    );

  beforeEach(async () => {
    server = await S3Server.start();
  });
  afterEach(() => server.close());

  itIsAnArchiveStore(() => Promise.resolve(open()));

  describe('at a server that lists keys as they are', () => {
    beforeEach(() => {
      server.encodesKeys = false;
    });

    itIsAnArchiveStore(() => Promise.resolve(open()));
  });

  it('keeps to its prefix', async () => {
    const store = open();
    await store.put('partition-00/a.json', Buffer.of(1));
    server.objects.set('other/partition-00/b.json', Buffer.of(2));

    expect([...server.objects.keys()]).toContain('overture/eu/partition-00/a.json');
    expect(await store.list('')).toEqual(['partition-00/a.json']);
    expect(await open({ prefix: '' }).list('other/')).toEqual(['other/partition-00/b.json']);
  });

  it('signs a token of temporary credentials, too', async () => {
    const store = open({ sessionToken: new Secret('of one hour') });
    await store.put('a.json', Buffer.of(1));

    expect(await store.get('a.json')).toEqual(Buffer.of(1));
  });

  it('asks again when the server is busy for a moment', async () => {
    server.failures.push({ status: 503, code: 'SlowDown' }, { status: 500, code: 'InternalError' });
    const store = open();
    await store.put('a.json', Buffer.of(1));

    expect(server.requests).toHaveLength(3);
    expect(await store.get('a.json')).toEqual(Buffer.of(1));
  });

  it.each([
    ['a wrong key', { secretAccessKey: new Secret('guessed') }, 'status 403 SignatureDoesNotMatch'],
    ['a bucket that is not there', { bucket: 'elsewhere' }, 'status 404 NoSuchBucket'],
    ['a server that is not there', { endpoint: 'http://127.0.0.1:9' }, 'ECONNREFUSED'],
  ])('tells of %s, and never the secret', async (_, more, told) => {
    const store = open(more);
    const errors = await Promise.all(
      [store.put('a.json', Buffer.of(1)), store.get('a.json'), store.list('')].map((asked) =>
        asked.catch((error: unknown) => error),
      ),
    );

    for (const error of errors) {
      expect(error).toMatchObject({ name: 'ArchiveStoreError', message: expect.stringContaining(told) });
      expect(inspect(error)).not.toContain(CREDENTIALS.secret);
    }
    expect(inspect(store, { depth: 9 })).not.toContain(CREDENTIALS.secret);
  });
});

/** Examples of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html. */
describe('the signatures that the server of this test asks for', () => {
  const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  const common = {
    host: 'examplebucket.s3.amazonaws.com',
    'x-amz-date': '20130524T000000Z',
    'x-amz-content-sha256': EMPTY,
  };
  const examples: readonly (readonly [what: string, request: SignedRequest, signature: string])[] = [
    [
      'getting an object',
      {
        method: 'GET',
        path: '/test.txt',
        query: '',
        headers: { ...common, range: 'bytes=0-9' },
        signedHeaders: 'host;range;x-amz-content-sha256;x-amz-date',
        payloadHash: EMPTY,
      },
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'listing a bucket',
      {
        method: 'GET',
        path: '/',
        query: 'max-keys=2&prefix=J',
        headers: common,
        signedHeaders: 'host;x-amz-content-sha256;x-amz-date',
        payloadHash: EMPTY,
      },
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ];

  it.each(examples)("are Amazon's: %s", (_, request, signature) => {
    expect(signatureOf(request, CREDENTIALS.secret, 'us-east-1')).toBe(signature);
  });
});
