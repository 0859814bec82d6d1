import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dice } from '../../lab/dice.js';

/** What a disk writes as a whole or not at all. */
const SECTOR_BYTES = 512;

/** Something that was done to the files of one folder; names are without their folder. */
export type DiskStep =
  | { readonly kind: 'create' | 'unlink' | 'empty' | 'sync'; readonly name: string }
  | { readonly kind: 'rename'; readonly name: string; readonly to: string }
  | { readonly kind: 'write'; readonly name: string; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly name: string; readonly size: number }
  | { readonly kind: 'syncNames' };

type Change = { readonly at: number; readonly bytes: Buffer } | { readonly size: number };

/** A file's content: what is on the disk for sure, and what was asked for since. */
class StoredFile {
  readonly synced = new Content();
  unsynced: Change[] = [];

  sync(): void {
    for (const change of this.unsynced.splice(0)) this.synced.apply(change);
  }
}

/** Bytes that change and grow; what comes to them is zeros. */
class Content {
  private room: Buffer = Buffer.alloc(0);
  private size = 0;

  get bytes(): Buffer {
    return this.room.subarray(0, this.size);
  }

  copy(): Content {
    const made = new Content();
    made.apply({ at: 0, bytes: this.bytes });
    return made;
  }

  apply(change: Change): void {
    if ('size' in change) return this.resize(change.size);
    this.resize(Math.max(this.size, change.at + change.bytes.length));
    change.bytes.copy(this.room, change.at);
  }

  private resize(size: number): void {
    if (size > this.room.length) this.room = Buffer.concat([this.bytes], size * 2);
    this.room.fill(0, size, Math.max(size, this.size));
    this.size = size;
  }
}

type Names = Map<string, StoredFile>;
type NameStep = (names: Names) => void;

/**
 * A folder on a disk that loses its power: fsync is believed, and nothing else. Unsynced writes arrive or do not, in
 * any order and by sectors; names change in the order in which that was asked for, as journalling file systems do it,
 * up to some point after the folder's last sync.
 */
export class CutDisk {
  private readonly names: Names = new Map();
  private readonly durableNames: Names = new Map();
  private unsyncedNames: NameStep[] = [];

  apply(step: DiskStep): void {
    switch (step.kind) {
      case 'create':
        return this.create(step.name);
      case 'unlink':
        return this.change((names) => void names.delete(step.name));
      case 'rename':
        return this.change((names) => moveName(names, step.name, step.to));
      case 'sync':
        return this.file(step.name).sync();
      case 'write':
        return void this.file(step.name).unsynced.push(step);
      case 'truncate':
        return void this.file(step.name).unsynced.push({ size: step.size });
      case 'empty':
        return void this.file(step.name).unsynced.push({ size: 0 });
      case 'syncNames':
        for (const change of this.unsyncedNames.splice(0)) change(this.durableNames);
    }
  }

  /** Writes and names on their way to the disk. */
  get underWay(): number {
    const writes = [...this.names.values()].reduce((sum, { unsynced }) => sum + unsynced.length, 0);
    return writes + this.unsyncedNames.length;
  }

  /** Makes the folder as somebody finds it when the power is back. */
  writeTo(directory: string, dice: Dice): void {
    const names: Names = new Map(this.durableNames);
    for (const change of this.unsyncedNames.slice(0, dice.between(0, this.unsyncedNames.length))) change(names);
    mkdirSync(directory, { recursive: true });
    for (const [name, { synced, unsynced }] of names) {
      const content = synced.copy();
      for (const change of arrived(unsynced, dice)) content.apply(change);
      writeFileSync(join(directory, name), content.bytes);
    }
  }

  private create(name: string): void {
    if (this.names.has(name)) return;
    const made = new StoredFile();
    this.change((names) => void names.set(name, made));
  }

  private change(step: NameStep): void {
    step(this.names);
    this.unsyncedNames.push(step);
  }

  private file(name: string): StoredFile {
    const file = this.names.get(name);
    if (file === undefined) throw new Error(`${name} was changed before it was made`);
    return file;
  }
}

function moveName(names: Names, from: string, to: string): void {
  const file = names.get(from);
  if (file === undefined) return;
  names.delete(from);
  names.set(to, file);
}

/** Which of the unsynced changes reached the disk: none, all, the first ones, or any of them, in pieces or whole. */
function arrived(changes: readonly Change[], dice: Dice): Change[] {
  const way = dice.pick(['none', 'all', 'first', 'any', 'any', 'torn', 'torn']);
  if (way === 'none') return [];
  if (way === 'all') return [...changes];
  if (way === 'first') return changes.slice(0, dice.between(0, changes.length));
  const some = changes.filter(() => dice.oneIn(2));
  return way === 'any' ? some : some.flatMap((change) => ('bytes' in change ? sectorsOf(change, dice) : [change]));
}

/** Half of the sectors of a write. */
function sectorsOf({ at, bytes }: { readonly at: number; readonly bytes: Buffer }, dice: Dice): Change[] {
  const found: Change[] = [];
  for (let from = 0; from < bytes.length;) {
    const to = Math.min(bytes.length, from + SECTOR_BYTES - ((at + from) % SECTOR_BYTES));
    if (dice.oneIn(2)) found.push({ at: at + from, bytes: bytes.subarray(from, to) });
    from = to;
  }
  return found;
}
