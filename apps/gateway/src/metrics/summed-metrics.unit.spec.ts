import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { GatewayMetrics } from './gateway-metrics.js';
import { SummedMetrics, type MetricValues } from './summed-metrics.js';

/** What one worker says of itself. */
async function worker({ answers, open, lag }: { answers: number; open: number; lag: number }): Promise<MetricValues> {
  const registry = new Registry();
  const registers = [registry];
  new Counter({ name: 'answers_total', help: '…', labelNames: ['status'], registers }).labels('200').inc(answers);
  new Histogram({ name: 'seconds', help: '…', buckets: [1, 2], registers }).observe(answers);
  const metrics = new GatewayMetrics(registry);
  metrics.gauge({ name: 'open', help: '…' }, () => open);
  metrics.gauge({ name: 'lag', help: '…', ofWorkers: 'max' }, () => lag);
  metrics.gauge({ name: 'up', help: '…', ofWorkers: 'min' }, () => open);
  return registry.getMetricsAsJSON();
}

const valueOf = (page: string, series: string): number =>
  Number(
    page
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')
      .at(-1),
  );

describe('the metrics of several workers', () => {
  it('are sums, except where all of them look at the same thing', async () => {
    const sums = new SummedMetrics();
    sums.take(1, await worker({ answers: 1, open: 1, lag: 7 }));
    sums.take(2, await worker({ answers: 2, open: 0, lag: 5 }));
    const page = await sums.page();
    expect(valueOf(page, 'answers_total{status="200"}')).toBe(3);
    expect(valueOf(page, 'seconds_count')).toBe(2);
    expect(valueOf(page, 'seconds_bucket{le="1"}')).toBe(1);
    expect(valueOf(page, 'open')).toBe(1);
    expect(valueOf(page, 'lag')).toBe(7);
    expect(valueOf(page, 'up')).toBe(0);
    expect(page.match(/# TYPE answers_total/g)).toHaveLength(1);
  });

  it('take what a worker says now in place of what it said before', async () => {
    const sums = new SummedMetrics();
    sums.take(1, await worker({ answers: 1, open: 1, lag: 0 }));
    sums.take(1, await worker({ answers: 4, open: 0, lag: 0 }));
    expect(valueOf(await sums.page(), 'answers_total{status="200"}')).toBe(4);
  });

  it('never fall when a worker ends and begins anew; what was open in it is not', async () => {
    const sums = new SummedMetrics();
    sums.take(1, await worker({ answers: 5, open: 3, lag: 0 }));
    sums.take(2, await worker({ answers: 6, open: 1, lag: 0 }));
    sums.end(1);
    sums.end(2);
    sums.take(3, await worker({ answers: 1, open: 1, lag: 0 }));
    sums.end(4); // one that had said nothing
    const page = await sums.page();
    expect(valueOf(page, 'answers_total{status="200"}')).toBe(12);
    expect(valueOf(page, 'seconds_count')).toBe(3);
    expect(valueOf(page, 'open')).toBe(1);
  });

  it('hold what the primary adds', async () => {
    const registry = new Registry();
    new Gauge({ name: 'workers', help: '…', registers: [registry] }).set(2);
    const page = await new SummedMetrics().page(await registry.getMetricsAsJSON());
    expect(valueOf(page, 'workers')).toBe(2);
  });
});
