/** Longer names are compared by their beginnings: the distance is quadratic and the name comes from outside. */
const COMPARED_LENGTH_MAX = 64;
const NAMES_MAX = 3;

/** Up to three known names that a caller may have meant, closest first. */
export function closeNames(wanted: string, known: readonly string[]): string[] {
  const target = normalised(wanted);
  return known
    .map((name) => ({ name, distance: editDistance(target, normalised(name)) }))
    .filter(({ name, distance }) => distance <= Math.max(2, Math.floor(name.length / 3)))
    .sort((one, other) => one.distance - other.distance || (one.name < other.name ? -1 : 1))
    .slice(0, NAMES_MAX)
    .map(({ name }) => name);
}

const normalised = (name: string): string => name.slice(0, COMPARED_LENGTH_MAX).toLowerCase();

/** Levenshtein distance, one row at a time. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line++) {
    const next = [line];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (row[column - 1] as number) + (from[line - 1] === to[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] as number) + 1, (next[column - 1] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}
