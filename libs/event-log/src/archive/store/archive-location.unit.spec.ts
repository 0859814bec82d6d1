import { readArchiveLocation } from './archive-location.js';

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI' };

describe('where the archive is', () => {
  it('is nowhere unless it is set', () => {
    expect(readArchiveLocation({})).toBeNull();
    expect(readArchiveLocation({ OVERTURE_ARCHIVE: '' })).toBeNull();
  });

  it('is a folder', () => {
    expect(readArchiveLocation({ OVERTURE_ARCHIVE: '/var/lib/overture/archive' })).toEqual({
      directory: '/var/lib/overture/archive',
    });
  });

  it.each([
    ['s3://bucket', ''],
    ['s3://bucket/', ''],
    ['s3://bucket/overture/eu', 'overture/eu/'],
    ['s3://bucket/overture/eu/', 'overture/eu/'],
  ])('is a bucket: %s', (place, prefix) => {
    expect(readArchiveLocation({ OVERTURE_ARCHIVE: place, ...KEYS })).toMatchObject({ bucket: 'bucket', prefix });
  });

  it('takes the variables of every S3 tool, and shows nobody what is secret', () => {
    const location = readArchiveLocation({
      OVERTURE_ARCHIVE: 's3://bucket',
      ...KEYS,
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL_S3: 'http://minio:9000',
      AWS_SESSION_TOKEN: 'short-lived',
    });
    expect(location).toMatchObject({ region: 'eu-central-1', endpoint: 'http://minio:9000' });
    expect(JSON.stringify(location)).not.toMatch(/wJalr|short-lived/);
  });

  it('names what is missing', () => {
    expect(() => readArchiveLocation({ OVERTURE_ARCHIVE: 's3://bucket', AWS_ACCESS_KEY_ID: 'a' })).toThrow(
      'AWS_SECRET_ACCESS_KEY is not set',
    );
  });
});
