import { Secret } from '#contracts';
import type { KafkaOptions } from './kafka.options.js';

const BROKER = /^(\[[0-9a-f:.]+\]|[^\s:,/]+):\d{1,5}$/i;
const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost):/i;
type Mechanism = (typeof MECHANISMS)[number];

/** How to reach Kafka; who we are and whom to tell is the process's own. */
export type KafkaSettings = Omit<KafkaOptions, 'clientId' | 'onTrouble'>;

/** Null without OVERTURE_KAFKA_BROKERS. Everything wrong is added to `problems`. */
export function readKafkaSettings(
  variables: Readonly<Record<string, string | undefined>>,
  problems: string[],
): KafkaSettings | null {
  const given = variables['OVERTURE_KAFKA_BROKERS'];
  if (given === undefined || given === '') return null;
  const brokers = given.split(',').map((broker) => broker.trim());
  for (const broker of brokers) {
    if (!BROKER.test(broker)) problems.push(`OVERTURE_KAFKA_BROKERS: "${broker}" is not host:port`);
  }
  const tls = variables['OVERTURE_KAFKA_TLS'] ?? 'false';
  if (tls !== 'true' && tls !== 'false') problems.push(`OVERTURE_KAFKA_TLS: "${tls}" is not true or false`);
  const topic = variables['OVERTURE_KAFKA_TOPIC'];
  if (topic !== undefined && !/^[A-Za-z0-9._-]{1,249}$/.test(topic)) {
    problems.push('OVERTURE_KAFKA_TOPIC: a topic has 1 to 249 letters, digits, ".", "_" and "-"');
  }
  const sasl = readSasl(variables, problems);
  return { brokers, tls: tls === 'true', ...(topic !== undefined && { topic }), ...(sasl !== null && { sasl }) };
}

/** What an operator should know of settings that are taken as they are. */
export function warningsAbout({ brokers, tls = false, sasl }: KafkaSettings): readonly string[] {
  if (sasl?.mechanism !== 'plain' || tls || brokers.every((broker) => LOOPBACK.test(broker))) return [];
  return [
    'OVERTURE_KAFKA_SASL is plain and OVERTURE_KAFKA_TLS is not true: the password crosses the network in clear ' +
      'text; set OVERTURE_KAFKA_TLS=true, or use scram-sha-512',
  ];
}

function readSasl(
  variables: Readonly<Record<string, string | undefined>>,
  problems: string[],
): KafkaSettings['sasl'] | null {
  const given = variables['OVERTURE_KAFKA_SASL'];
  if (given === undefined || given === '') return null;
  const mechanism = MECHANISMS.find((name) => name === given);
  if (mechanism === undefined) {
    problems.push(`OVERTURE_KAFKA_SASL: "${given}" is not one of ${MECHANISMS.join(', ')}`);
  }
  const [username = '', password = ''] = [variables['OVERTURE_KAFKA_USERNAME'], variables['OVERTURE_KAFKA_PASSWORD']];
  if (username === '') problems.push('OVERTURE_KAFKA_USERNAME: missing; OVERTURE_KAFKA_SASL needs it');
  if (password === '') problems.push('OVERTURE_KAFKA_PASSWORD: missing; OVERTURE_KAFKA_SASL needs it');
  return { mechanism: mechanism ?? ('plain' satisfies Mechanism), username, password: new Secret(password) };
}
