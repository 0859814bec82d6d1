import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { PLACES } from './crash-points.mjs';

// Loaded before a gateway's program (`--import`), so that the product knows nothing of it: the gateway ends itself by
// SIGKILL at a labelled place as soon as the file that CRASH_AT and its slot name holds the label.
const orderPath = process.env['CRASH_AT'] && `${process.env['CRASH_AT']}.${process.env['OVERTURE_SLOT']}`;
const DIST = new URL('../../../../dist/', import.meta.url);
let left;

/** The order is `{ label, passes }`: so many times it goes well. */
function pass(label) {
  if (!existsSync(orderPath)) return;
  const order = JSON.parse(readFileSync(orderPath, 'utf8'));
  if (order.label !== label) return;
  left = (left ?? order.passes) - 1;
  if (left >= 0) return;
  writeFileSync(`${orderPath}.done`, label);
  process.kill(process.pid, 'SIGKILL');
}

async function arm({ in: path, of, method, before, after, only = () => true }) {
  const { prototype } = (await import(new URL(path, DIST)))[of];
  const original = prototype[method];
  if (typeof original !== 'function') throw new Error(`${of} has no ${method} to crash at`);
  prototype[method] = function (...args) {
    if (!only(...args)) return original.apply(this, args);
    if (before !== undefined) pass(before);
    const result = original.apply(this, args);
    const passed = (value) => {
      if (after !== undefined) pass(after);
      return value;
    };
    return result instanceof Promise ? result.then(passed) : passed(result);
  };
}

/** The program of this thread: only gateways and the threads that write their journals are armed. */
const program = process.argv[1] ?? '';
const isArmed = isMainThread ? program.includes('gateway') : program.includes('journal.worker');
if (orderPath !== undefined && isArmed) {
  for (const place of PLACES) if (isMainThread !== (place.isInWriterThread ?? false)) await arm(place);
}
