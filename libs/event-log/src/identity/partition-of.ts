import { murmur2 } from './murmur2.js';

/** Fixed when the topic is created: changing it would move tenants and break the order of their facts. */
export const PARTITION_COUNT = 64;
const TENANTS_REMEMBERED_MAX = 4_096;

const encoder = new TextEncoder();
/** By tenant: every fact asks, and tenants are few. Emptied when full. */
const remembered = new Map<string, number>();

/** The partition of a tenant, in the journal as in Kafka: murmur2 of the key with the sign bit masked, modulo 64. */
export function partitionOf(tenant: string): number {
  const known = remembered.get(tenant);
  if (known !== undefined) return known;
  const partition = (murmur2(encoder.encode(tenant)) & 0x7fffffff) % PARTITION_COUNT;
  if (remembered.size >= TENANTS_REMEMBERED_MAX) remembered.clear();
  remembered.set(tenant, partition);
  return partition;
}
