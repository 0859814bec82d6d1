import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ROOT } from '../../../scripts/project.mjs';

const CACHE = join(ROOT, '.cache', 'kafka');
const STAMP = join(CACHE, 'stamp');
const JARS = join(CACHE, 'jars');
const SOURCES = join(ROOT, 'test', 'kafka');
const JAVA_MIN = 17;
/** Any cluster may have it: no two brokers of the tests know each other. */
const CLUSTER_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';
/** Taken for the second in which the archive of classes is made; nobody is served there. */
const PORTS = { clients: 29_092, direct: 29_093, controller: 29_094 };

/** What every JVM of the tests is started with: little memory, and soon there rather than fast. */
const JVM = [
  '-Xmx384m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
];

/**
 * Kafka in `.cache/kafka`: its jars, storage as a new broker finds it, and an archive of loaded classes, which makes
 * starts three times as quick. The stamp is written last: while it is missing, tests skip themselves.
 * @returns {Promise<{ missing?: string }>} what is missing in one sentence, if anything
 */
export async function prepareKafka() {
  const java = versionOfJava();
  if (java === undefined) return withoutStamp(`Java ${JAVA_MIN} or newer`);
  const wanted = [java, ...['pom.xml', 'server.properties'].map((name) => readFileSync(join(SOURCES, name), 'utf8'))];
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted.join('\n')) return {};
  rmSync(CACHE, { recursive: true, force: true });
  if (!succeeds('mvn', ['--version'])) return { missing: 'Maven' };
  const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${JARS}`];
  if (!succeeds('mvn', ['-q', '-B', '-f', join(SOURCES, 'pom.xml'), ...copy]))
    return { missing: 'the jars of test/kafka/pom.xml, which could not be fetched' };
  const missing = await formatAndRehearse();
  if (missing) return { missing };
  writeFileSync(STAMP, wanted.join('\n'));
  return {};
}

/** The command line of a broker with these settings: a file in Java's format. */
export function kafkaCommand(settingsFile, more = [`-XX:SharedArchiveFile=${join(CACHE, 'classes.jsa')}`]) {
  return { command: 'java', args: [...JVM, ...more, '-cp', classPath(), 'kafka.Kafka', settingsFile] };
}

/**
 * The settings of test/kafka/server.properties with ports, folder and what else differs, in Java's format. Each of
 * `doors` is a listener more, whose clients are told to come by another port.
 * @param {string} folder
 * @param {{ clients: number, direct: number, controller: number, advertised?: number,
 *   doors?: readonly { port: number, advertisedPort: number }[] }} ports
 * @param {Readonly<Record<string, string>>} more
 */
export function kafkaSettings(folder, { clients, direct, controller, advertised = clients, doors = [] }, more = {}) {
  const places = (ports) => Object.entries(ports).map(([name, port]) => `${name}://127.0.0.1:${port}`);
  const inside = Object.fromEntries(doors.map(({ port }, index) => [`DOOR${index}`, port]));
  const outside = Object.fromEntries(doors.map(({ advertisedPort }, index) => [`DOOR${index}`, advertisedPort]));
  const listeners = { CLIENTS: clients, DIRECT: direct, CONTROLLER: controller, ...inside };
  const settings = {
    listeners: places(listeners).join(),
    'advertised.listeners': places({ CLIENTS: advertised, DIRECT: direct, ...outside }).join(),
    'listener.security.protocol.map': Object.keys(listeners)
      .map((name) => `${name}:PLAINTEXT`)
      .join(),
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    'log.dirs': folder,
    ...more,
  };
  // Of two lines with one name the last one counts.
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return [readFileSync(join(SOURCES, 'server.properties'), 'utf8'), ...lines, ''].join('\n');
}

/** Storage as a new broker finds it, to be copied; and whether everything is there to start one. */
export const FORMATTED_STORAGE = join(CACHE, 'storage');
export const isKafkaPrepared = () => existsSync(STAMP);

/** Formats the storage, then runs a broker once from start to end to archive the classes that it loads. */
async function formatAndRehearse() {
  const scratch = mkdtempSync(join(tmpdir(), 'overture-kafka-'));
  const file = join(scratch, 'server.properties');
  try {
    mkdirSync(FORMATTED_STORAGE, { recursive: true });
    const format = ['kafka.tools.StorageTool', 'format', '--cluster-id', CLUSTER_ID, '--config', file];
    for (const folder of [FORMATTED_STORAGE, join(scratch, 'data')]) {
      writeFileSync(file, kafkaSettings(folder, PORTS));
      if (!succeeds('java', [...JVM, '-cp', classPath(), ...format])) return 'a Kafka that formats its storage';
    }
    const { command, args } = kafkaCommand(file, [`-XX:ArchiveClassesAtExit=${join(CACHE, 'classes.jsa')}`]);
    const broker = spawn(command, args, { stdio: 'ignore' });
    const ended = once(broker, 'exit');
    while (broker.exitCode === null && !(await isListening(PORTS.clients)));
    broker.kill();
    await ended;
    return undefined;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function isListening(port) {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return false;
  } finally {
    socket.destroy();
  }
}

/** What `java -version` says first; undefined where there is none or one that is too old. */
function versionOfJava() {
  const [line = ''] = String(spawnSync('java', ['-version'], { encoding: 'utf8' }).stderr ?? '').split('\n');
  return Number(/version "(\d+)/.exec(line)?.[1]) >= JAVA_MIN ? line : undefined;
}

/** Jars one by one: archives of classes know no `*`. */
const classPath = () => {
  const jars = readdirSync(JARS).sort();
  return jars.map((jar) => join(JARS, jar)).join(delimiter);
};

function withoutStamp(missing) {
  rmSync(STAMP, { force: true });
  return { missing };
}

const succeeds = (command, args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
