import { murmur2 } from './murmur2.js';

/** Fixed when the topic is created: changing it would move tenants and break the order of their facts. */
export const PARTITION_COUNT = 64;

const encoder = new TextEncoder();

/** The partition of a tenant, in the journal as in Kafka: murmur2 of the key with the sign bit masked, modulo 64. */
export function partitionOf(tenant: string): number {
  return (murmur2(encoder.encode(tenant)) & 0x7fffffff) % PARTITION_COUNT;
}
