import { describeArchivePass } from './describe-archive-pass.js';

describe('a pass of the archiver in words', () => {
  it('names what was sealed and what failed', () => {
    const sealed = [
      { partition: 3, first: 0n, next: 300n },
      { partition: 17, first: 40n, next: 41n },
    ];
    const failed = new Map([[9, new Error('The log is damaged.')]]);

    expect(describeArchivePass({ sealed, failed })).toBe(
      [
        'Archived 301 events; segments: 2.',
        '  partition 3: offsets 0 to 299',
        '  partition 17: offsets 40 to 40',
        '  partition 9 failed: The log is damaged.',
      ].join('\n'),
    );
  });

  it('says so when there was nothing to do', () => {
    expect(describeArchivePass({ sealed: [], failed: new Map() })).toBe('Everything is archived.');
  });
});
