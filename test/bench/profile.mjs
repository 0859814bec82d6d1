import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../../scripts/project.mjs';
import { startGateway } from './children.mjs';

const FUNCTIONS = 30;
const WARM_UP_MS = 3000;
/** Nodes of V8 in which no code runs. */
const IDLE = new Set(['(idle)', '(root)', '(program)']);

/** Where the gateway's main thread spends its time under 32 callers: by part of the house and by function. */
export async function profileGateway(lab, durationMs = 8000) {
  const folder = mkdtempSync(join(ROOT, '.cache', 'profile-'));
  const gateway = await startGateway(lab.upstream.port, { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir="${folder}"` });
  const { perSecond } = await lab.measure(gateway, {
    mode: 'closed',
    connections: 32,
    warmupMs: WARM_UP_MS,
    durationMs,
  });
  await gateway.stop();
  const file = readdirSync(folder).find(
    (name) => name.split('.').includes(String(gateway.pid)) && name.includes('.0.'),
  );
  const profile = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  rmSync(folder, { recursive: true });
  return renderProfile(profile, { perSecond, skipMs: gateway.readyAfterMs + WARM_UP_MS });
}

function renderProfile({ nodes, samples, timeDeltas }, { perSecond, skipMs }) {
  const selfMicros = new Map();
  let elapsed = 0;
  samples.forEach((id, index) => {
    elapsed += timeDeltas[index];
    if (elapsed > skipMs * 1000) selfMicros.set(id, (selfMicros.get(id) ?? 0) + timeDeltas[index]);
  });
  const [functions, parts] = [new Map(), new Map()];
  let [busy, idle] = [0, 0];
  for (const { id, callFrame } of nodes) {
    const micros = selfMicros.get(id) ?? 0;
    if (IDLE.has(callFrame.functionName)) {
      idle += micros;
    } else {
      busy += micros;
      add(functions, nameOf(callFrame), micros);
      add(parts, partOf(callFrame), micros);
    }
  }
  const rows = (map, count) =>
    [...map]
      .sort(([, left], [, right]) => right - left)
      .slice(0, count)
      .map(([name, micros]) => `${((100 * micros) / busy).toFixed(1).padStart(6)} %  ${name}`);
  const share = Math.round((100 * busy) / (busy + idle));
  const load = `${Math.round(perSecond)} requests/s at c=32, ${share} % busy`;
  const title = `Self time in the main thread of the gateway, under the profiler: ${load}`;
  return [title, '', ...rows(parts, FUNCTIONS / 2), '', ...rows(functions, FUNCTIONS)].join('\n');
}

const add = (map, key, value) => map.set(key, (map.get(key) ?? 0) + value);

const nameOf = ({ functionName, url, lineNumber }) =>
  `${functionName || '(anonymous)'}  ${url === '' ? '' : `${placeOf(url)}:${lineNumber + 1}`}`;

/** A room, an app, a package, Node itself, or the engine (garbage collection, native code). */
function partOf({ functionName, url }) {
  if (url === '') return functionName === '(garbage collector)' ? 'garbage collector' : 'native code';
  if (url.startsWith('node:')) return 'node';
  const place = placeOf(url);
  const [, part] = /^dist\/((?:apps|libs)\/[^/]+)|^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(place) ?? [];
  return part ?? /^node_modules\/((@[^/]+\/)?[^/]+)/.exec(place)?.[1] ?? place;
}

const placeOf = (url) => (url.startsWith('file:') ? relative(ROOT, fileURLToPath(url)).split(sep).join('/') : url);
