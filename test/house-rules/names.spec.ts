import { findEmptyWords, findMisnamedClasses, findUnknownKinds } from './rules/name-rules.js';
import { readTree, type TreeFile } from './source-tree.js';

const tree = readTree();
const file = (path: string, text = ''): TreeFile => ({ path, text });

describe('names', () => {
  it('say the kind of every file, from a closed list', () => {
    expect(findUnknownKinds(tree)).toEqual([]);
  });

  it('are the same for file and class', () => {
    expect(findMisnamedClasses(tree)).toEqual([]);
  });

  it('hold no word that could stand anywhere', () => {
    expect(findEmptyWords(tree)).toEqual([]);
  });
});

describe('the name rules', () => {
  const port = file('libs/event-log/src/event-log.port.ts', 'export abstract class EventLog {}');

  it('find a kind that is not on the list, and know adapters by their port', () => {
    expect(findUnknownKinds([file('libs/ledger/src/budget.service.ts')])).toHaveLength(1);
    expect(findUnknownKinds([file('libs/ledger/src/BudgetBook.ts')])).toHaveLength(1);
    expect(findUnknownKinds([file('libs/event-log/src/journal.event-log.ts')])).toHaveLength(1);
    expect(findUnknownKinds([port, file('libs/event-log/src/journal.event-log.int.spec.ts')])).toEqual([]);
  });

  it('find a class that is not named for its file', () => {
    expect(findMisnamedClasses([file('apps/gateway/src/chat.controller.ts', 'export class Chats {}')])).toHaveLength(1);
    expect(
      findMisnamedClasses([port, file('libs/event-log/src/journal.event-log.ts', 'class Journal {}')]),
    ).toHaveLength(1);
    expect(
      findMisnamedClasses([port, file('libs/event-log/src/journal.event-log.ts', 'class JournalEventLog {}')]),
    ).toEqual([]);
  });

  it('find empty words and folders', () => {
    expect(findEmptyWords([file('libs/ledger/src/budget.ts', 'class BudgetManager {}')])).toHaveLength(1);
    expect(findEmptyWords([file('libs/ledger/src/budget.ts', 'interface IBudget {}')])).toHaveLength(1);
    expect(findEmptyWords([file('libs/ledger/src/utils/budget.ts')])).toHaveLength(1);
    expect(findEmptyWords([file('libs/persistence/src/database.ts', 'class Database {}')])).toEqual([]);
  });
});
