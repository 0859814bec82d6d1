import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Campaign } from '../campaign.js';

/**
 * A folder for the rounds of a campaign, which stays as evidence unless all of them were sound. For the top of a
 * `describe`.
 */
export function folderFor(campaign: Campaign): string {
  const folder = mkdtempSync(join(tmpdir(), 'overture-disk-'));
  afterAll(() => {
    campaign.report();
    if (campaign.isSound) rmSync(folder, { recursive: true, force: true });
    else process.stderr.write(`What is left of it is in ${folder}\n`);
  });
  return folder;
}
