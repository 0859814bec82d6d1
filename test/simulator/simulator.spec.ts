import { playSimulator } from './play.js';

/** Two parts, for machines with two cores; `npm run simulate -- --seeds 1..1000` is the same on one. */
const SEEDS = ['1..500', '501..1000'];

describe('three replicas, two projectors and their servers in a simulated world', () => {
  it('break no invariant, whatever goes wrong', async () => {
    process.stderr.write(`simulator: seeds ${SEEDS.join(' and ')}\n`);
    const parts = await Promise.all(SEEDS.map((seeds) => playSimulator('--seeds', seeds, '--json')));
    for (const { lines } of parts) process.stderr.write(`simulator: ${lines.at(-1)}\n`);

    expect(parts.flatMap(({ code, lines }) => (code === 0 ? [] : lines))).toEqual([]);
  });

  it('live through the same world again, to the last line, when the seed is the same', async () => {
    const [once, again, other] = await Promise.all(
      ['7', '7', '8'].map((seed) => playSimulator('--seed', seed, '--trace')),
    );

    expect(once?.lines.length).toBeGreaterThan(300);
    expect(again?.lines).toEqual(once?.lines);
    expect(other?.lines.at(-1)).not.toBe(once?.lines.at(-1));
  });

  it('remember nothing of the world before', async () => {
    const [alone, after] = await Promise.all([
      playSimulator('--seeds', '8..8', '--json'),
      playSimulator('--seeds', '6..8', '--json'),
    ]);

    expect(lastHash(after.lines)).toMatch(/^[0-9a-f]{16}$/);
    expect(lastHash(after.lines)).toBe(lastHash(alone.lines));
  });
});

const lastHash = (lines: readonly string[]): string =>
  (JSON.parse(lines.at(-1) ?? '{}') as { lastHash: string }).lastHash;
