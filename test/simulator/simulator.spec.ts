import { playSimulator } from './play.js';

const SEEDS = process.env['SIMULATOR_SEEDS'] ?? '1..1000';

describe('three replicas, two projectors and their servers in a simulated world', () => {
  it('break no invariant, whatever goes wrong', async () => {
    process.stderr.write(`simulator: SIMULATOR_SEEDS=${SEEDS}\n`);
    const { code, lines } = await playSimulator('--seeds', SEEDS, '--json');
    process.stderr.write(`simulator: ${lines.at(-1)}\n`);

    expect({ code, broken: code === 0 ? [] : lines }).toEqual({ code: 0, broken: [] });
  });

  it('live through the same world again, to the last line, when the seed is the same', async () => {
    const [once, again, other] = await Promise.all(
      ['7', '7', '8'].map((seed) => playSimulator('--seed', seed, '--trace')),
    );

    expect(once?.lines.length).toBeGreaterThan(300);
    expect(again?.lines).toEqual(once?.lines);
    expect(other?.lines.at(-1)).not.toBe(once?.lines.at(-1));
  });
});
