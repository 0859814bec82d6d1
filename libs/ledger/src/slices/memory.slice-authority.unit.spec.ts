import { MemorySliceAuthority } from './memory.slice-authority.js';
import { describeSliceAuthority } from './slice-authority.suite.js';

describeSliceAuthority('MemorySliceAuthority', async () => {
  const limits = new Map<string, bigint>();
  return {
    authority: new MemorySliceAuthority(limits),
    setLimit: async (budgetId, limitNanoUsd) => void limits.set(budgetId, limitNanoUsd),
    retire: async (budgetId) => void limits.delete(budgetId),
    close: async () => undefined,
  };
});
