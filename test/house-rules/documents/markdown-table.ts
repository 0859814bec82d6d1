/** Rows of the table under these column names, cells without their backticks; empty when there is no such table. */
export function readMarkdownTable(markdown: string, columns: readonly string[]): string[][] {
  const lines = markdown.split('\n').map(cellsOf);
  const head = lines.findIndex((cells) => cells !== null && cells.join('|') === columns.join('|'));
  if (head === -1) return [];
  const rows = lines.slice(head + 2);
  const end = rows.indexOf(null);
  return rows.slice(0, end === -1 ? rows.length : end).flatMap((cells) => (cells === null ? [] : [cells]));
}

/** Null for a line that is no row. */
function cellsOf(line: string): string[] | null {
  if (!line.startsWith('|')) return null;
  const cells = line.split(/(?<!\\)\|/).slice(1, -1);
  return cells.map((cell) => cell.trim().replaceAll('`', ''));
}
