import { resolve } from 'node:path';
import { Secret, type Clock } from '#contracts';
import { ArchiveStoreError, type ArchiveStore } from './archive-store.port.js';
import { DirectoryArchiveStore } from './directory.archive-store.js';
import { S3ArchiveStore, type S3Location } from './s3.archive-store.js';

/** Where an installation keeps its archive. */
export type ArchiveLocation = { readonly directory: string } | S3Location;

/**
 * The archive that the environment names, null without one. `OVERTURE_ARCHIVE` is a folder or `s3://bucket/prefix`;
 * the rest of a bucket are the variables that every tool for S3 takes.
 * @throws ArchiveStoreError that names the variable that is missing.
 */
export function readArchiveLocation(variables: NodeJS.ProcessEnv): ArchiveLocation | null {
  const place = variables['OVERTURE_ARCHIVE'];
  if (place === undefined || place === '') return null;
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(place) ?? [];
  if (bucket === undefined) return { directory: resolve(place) };
  const required = (name: string): string => {
    const value = variables[name];
    if (value) return value;
    throw new ArchiveStoreError(`OVERTURE_ARCHIVE is ${place}, but ${name} is not set.`);
  };
  return {
    bucket,
    prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
    region: variables['AWS_REGION'] || 'us-east-1',
    endpoint: variables['AWS_ENDPOINT_URL_S3'] || variables['AWS_ENDPOINT_URL'] || null,
    accessKeyId: required('AWS_ACCESS_KEY_ID'),
    secretAccessKey: new Secret(required('AWS_SECRET_ACCESS_KEY')),
    sessionToken: variables['AWS_SESSION_TOKEN'] ? new Secret(variables['AWS_SESSION_TOKEN']) : null,
  };
}

/** The store at a location; nothing is asked of it before its first use. */
export const openArchiveStore = (location: ArchiveLocation, clock: Clock): ArchiveStore =>
  'directory' in location ? new DirectoryArchiveStore(location.directory) : new S3ArchiveStore(location, clock);
