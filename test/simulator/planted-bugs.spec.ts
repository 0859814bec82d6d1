import { EXPECTED_FINDINGS, type ExpectedFinding } from './bugs/found-by.js';
import { playSimulator } from './play.js';

interface Hunted {
  readonly bug: string;
  readonly seed: number | null;
  readonly invariant?: string;
  readonly what?: string;
}

describe('a bug in the wiring', () => {
  const hunted = new Map<string, Hunted>();

  beforeAll(async () => {
    const { lines } = await playSimulator('--bugs');
    for (const line of lines) {
      process.stderr.write(`simulator: ${line}\n`);
      const found = JSON.parse(line) as Hunted;
      hunted.set(found.bug, found);
    }
  });

  it('is one of twelve', () => {
    expect(EXPECTED_FINDINGS).toHaveLength(12);
  });

  it.each<ExpectedFinding>(EXPECTED_FINDINGS)('is found: $name, within $within seeds', ({ name, foundBy }) => {
    const { seed, invariant } = hunted.get(name) ?? { seed: null };

    expect(seed).not.toBeNull();
    expect(foundBy).toContain(invariant);
  });

  it('is told with its seed, its last steps and how to see it again', async () => {
    const { code, lines } = await playSimulator('--seeds', '1..5', '--bug', 'double settle');

    expect(code).toBe(1);
    expect(lines.at(-1)).toMatch(/^again: npm run simulate -- --seed \d+ --trace/);
    expect(lines.filter((line) => /^ +\d+\.\d{3} replica-/.test(line)).length).toBeGreaterThan(5);
  });
});
