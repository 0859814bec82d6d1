type Heads = ReadonlyMap<number, bigint>;

/** Whether nothing was appended between two looks at the heads. */
export const areEqualHeads = (left: Heads, right: Heads): boolean =>
  left === right || (left.size === right.size && [...left].every(([partition, next]) => right.get(partition) === next));
