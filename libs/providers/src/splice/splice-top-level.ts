import { scanMembers, type MemberRange } from './scan-members.js';

/** Changes to the top level of a JSON object. */
export interface TopLevelEdits {
  /** Name → raw JSON: replaces the member's value, or adds the member at the end. */
  readonly set?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

interface Cut {
  readonly start: number;
  readonly end: number;
  readonly by: string;
}

/**
 * Edits the named top-level members of a JSON object and leaves every other byte as it is. Of a name that occurs more
 * than once, every occurrence is edited, so that it does not matter which one the reader takes.
 * @throws TypeError for bytes that are not a JSON object.
 */
export function spliceTopLevel(bytes: Buffer, { set = {}, remove = [] }: TopLevelEdits): Buffer {
  const members = scanMembers(bytes);
  const missing = new Set(Object.keys(set));
  const cuts: Cut[] = [];
  let hasKept = false;
  members.forEach((member, index) => {
    if (remove.includes(member.name)) {
      cuts.push(removal(members, index, hasKept));
      return;
    }
    hasKept = true;
    if (!Object.hasOwn(set, member.name)) return;
    missing.delete(member.name);
    cuts.push({ start: member.valueStart, end: member.valueEnd, by: set[member.name]! });
  });
  if (missing.size > 0) {
    const added = [...missing].map((name) => `${JSON.stringify(name)}:${set[name]!}`).join(',');
    const end = members.at(-1)?.valueEnd ?? bytes.indexOf('{') + 1;
    cuts.push({ start: end, end, by: hasKept ? `,${added}` : added });
  }
  return apply(bytes, cuts);
}

/** A member goes with the comma before it; with the one behind it when nothing before it stays. */
function removal(members: readonly MemberRange[], index: number, hasKept: boolean): Cut {
  const { keyStart, valueEnd } = members[index]!;
  if (hasKept) return { start: members[index - 1]!.valueEnd, end: valueEnd, by: '' };
  return { start: keyStart, end: members[index + 1]?.keyStart ?? valueEnd, by: '' };
}

function apply(bytes: Buffer, cuts: readonly Cut[]): Buffer {
  if (cuts.length === 0) return bytes;
  const pieces: Buffer[] = [];
  let copied = 0;
  for (const { start, end, by } of cuts) {
    pieces.push(bytes.subarray(copied, start), Buffer.from(by));
    copied = end;
  }
  pieces.push(bytes.subarray(copied));
  return Buffer.concat(pieces);
}
