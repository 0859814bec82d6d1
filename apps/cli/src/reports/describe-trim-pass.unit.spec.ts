import { describeTrimPass } from './describe-trim-pass.js';

describe('a trimming of the topic in words', () => {
  it('says of each partition how many records were removed and up to where', () => {
    const trimmed = [
      { partition: 3, first: 0n, next: 300n },
      { partition: 17, first: 40n, next: 41n },
    ];
    const failed = new Map([[9, new Error('The log is damaged.')]]);

    expect(describeTrimPass({ trimmed, failed })).toBe(
      [
        'Removed 301 records from the topic.',
        '  partition 3: 300 records, up to offset 299; it begins at 300',
        '  partition 17: 1 records, up to offset 40; it begins at 41',
        '  partition 9 is kept: The log is damaged.',
      ].join('\n'),
    );
  });

  it('says so when there was nothing to do', () => {
    expect(describeTrimPass({ trimmed: [], failed: new Map() })).toBe(
      'Nothing is old enough to be removed from the topic.',
    );
  });
});
