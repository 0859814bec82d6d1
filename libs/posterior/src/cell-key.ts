/**
 * Bands of input size, in tokens. Candidates are compared within a band, or the one that gets the long prompts would
 * look slow. A factor of four apart: latency grows slower than the prompt. `tokensTypical` stands for the band where a
 * number is needed that is the same for every request of a cell, as the expected cost is.
 */
export const INPUT_BANDS = [
  { name: 'xs', tokensMax: 1_000, tokensTypical: 500 },
  { name: 's', tokensMax: 4_000, tokensTypical: 2_000 },
  { name: 'm', tokensMax: 16_000, tokensTypical: 8_000 },
  { name: 'l', tokensMax: 64_000, tokensTypical: 32_000 },
  { name: 'xl', tokensMax: Infinity, tokensTypical: 128_000 },
] as const;
export type InputBand = (typeof INPUT_BANDS)[number]['name'];

/** Band of a prompt by its counted or bounded input tokens. */
export function inputBandOf(tokens: number): InputBand {
  return INPUT_BANDS.find(({ tokensMax }) => tokens <= tokensMax)?.name ?? 'xl';
}

/** What makes requests comparable: candidates learn apart in every cell. */
export interface Cell {
  readonly tenantId: string;
  /** Model group, as the caller named it. */
  readonly group: string;
  readonly className: string;
  readonly stream: boolean;
  readonly inputBand: InputBand;
  readonly tools: boolean;
}

/** Text of a cell, as `acme/gpt-4o/general/stream/xs/no-tools`; names are percent-encoded, so `/` only separates. */
export function cellKey(cell: Cell): string {
  const names = [cell.tenantId, cell.group, cell.className].map(encodeURIComponent);
  return [...names, cell.stream ? 'stream' : 'whole', cell.inputBand, cell.tools ? 'tools' : 'no-tools'].join('/');
}

/** The cell that a key names; null for a text that `cellKey` cannot have made. */
export function parseCellKey(key: string): Cell | null {
  const parts = key.split('/');
  const [tenantId, group, className, mode, band, tools] = parts;
  const inputBand = INPUT_BANDS.find(({ name }) => name === band)?.name;
  if (parts.length !== 6 || inputBand === undefined) return null;
  try {
    const cell: Cell = {
      tenantId: decodeURIComponent(tenantId ?? ''),
      group: decodeURIComponent(group ?? ''),
      className: decodeURIComponent(className ?? ''),
      stream: mode === 'stream',
      inputBand,
      tools: tools === 'tools',
    };
    return cellKey(cell) === key ? cell : null;
  } catch {
    return null;
  }
}
