import { Injectable } from '@nestjs/common';

/** What Prometheus is shown: the figures of this process, or their sums over all processes that share its port. */
@Injectable()
export class MetricsPage {
  constructor(readonly read: () => Promise<string>) {}
}
