import { createHash, hash } from 'node:crypto';

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

/** Hash of one entry of a Merkle tree: SHA-256 of 0x00 and its bytes (RFC 9162, 2.1.1). */
export const hashLeaf = (entry: Uint8Array): Buffer => createHash('sha256').update(LEAF).update(entry).digest();

/**
 * Root of a Merkle tree over the hashes of its leaves, or over the roots of subtrees of equal size, a power of two, of
 * which only the last may be smaller (RFC 9162, 2.1.1). A node without a sibling moves up as it is, which is the
 * standard's split at the largest power of two.
 */
export function merkleRoot(nodes: readonly Buffer[]): Buffer {
  let level = nodes;
  while (level.length > 1) {
    const above: Buffer[] = [];
    for (let index = 0; index < level.length; index += 2) {
      const [left, right] = [level[index]!, level[index + 1]];
      above.push(right === undefined ? left : hashNode(left, right));
    }
    level = above;
  }
  return level[0] ?? hash('sha256', '', 'buffer');
}

const hashNode = (left: Buffer, right: Buffer): Buffer =>
  createHash('sha256').update(NODE).update(left).update(right).digest();
