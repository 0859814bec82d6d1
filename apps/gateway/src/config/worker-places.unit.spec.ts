import { journalFolderOf, orphansAmong, slotOfWorker } from './worker-places.js';

const foldersOf = (workers: number): string[] =>
  Array.from({ length: workers }, (_, index) => journalFolderOf(index + 1));

describe('the places of workers', () => {
  it('leave a gateway without workers where it was', () => {
    expect([slotOfWorker('gateway-0', 1), journalFolderOf(1)]).toEqual(['gateway-0', 'journal']);
  });

  it('are each a slot and a folder of their own', () => {
    expect(new Set(foldersOf(64)).size).toBe(64);
    expect(slotOfWorker('gateway-0', 2)).toBe('gateway-0_2');
    expect(slotOfWorker('gateway-0', 2)).not.toBe(slotOfWorker('gateway-0_2', 1 + 1));
  });

  it.each([
    [1, 4, []],
    [4, 4, []],
    [4, 2, [3, 4]],
    [12, 1, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
  ])('of %i workers followed by %i leave these orphans: %j', (before, now, orphans) => {
    expect(orphansAmong(foldersOf(before).reverse(), now)).toEqual(orphans);
  });

  it('never take another folder for a journal', () => {
    expect(orphansAmong(['postgres', 'journal-02', 'journal-0', 'journal-2.bak', 'my-journal-3'], 1)).toEqual([]);
  });
});
