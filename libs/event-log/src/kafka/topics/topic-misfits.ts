import type { TopicSetting, WantedTopic } from './wanted-topic.js';

/** A topic as the brokers describe it. */
export interface FoundTopic {
  /** How many partitions there are. */
  readonly partitions: number;
  /** Copies of the partition that has the fewest. */
  readonly copies: number;
  /** Values of its settings by their names; those that the brokers do not tell are missing. */
  readonly settings: ReadonlyMap<string, string>;
}

/**
 * In which ways a topic is not what the gateway needs, and what to type. None for one that is stricter.
 * @param bootstrap where Kafka's own tools find the brokers, `host:port,host:port`.
 */
export function topicMisfits(wanted: WantedTopic, found: FoundTopic, bootstrap: string): readonly string[] {
  const { topic, partitions, fixed } = wanted;
  if (found.partitions !== partitions) {
    return [`The topic ${topic} has ${found.partitions} partitions and must have ${partitions}: ${fixed}.`];
  }
  const copies = copiesMisfit(wanted, found);
  const wrong = wanted.settings.filter((setting) => !fits(setting, found.settings.get(setting.name)));
  if (wrong.length === 0) return copies;
  const lines = wrong.map(({ name, value, must, otherwise }) => {
    const needed = must === 'reach' ? `${value} or more` : value;
    return `  - ${name}=${found.settings.get(name)} must be ${needed}: ${otherwise}`;
  });
  const changes = wrong.map(({ name, value }) => `${name}=${value}`).join(',');
  return [
    ...copies,
    `The topic ${topic} is not set as it must be:\n${lines.join('\n')}\nType:\n` +
      `  kafka-configs.sh --bootstrap-server ${bootstrap} --alter --entity-type topics --entity-name ${topic} ` +
      `--add-config ${changes}`,
  ];
}

/** With fewer copies than must have a batch, nothing is ever acknowledged. */
function copiesMisfit({ topic, copiesMin }: WantedTopic, { copies, settings }: FoundTopic): readonly string[] {
  const insync = Number(settings.get('min.insync.replicas') ?? 1);
  const needed = Math.max(copiesMin, insync);
  if (copies >= needed) return [];
  return [
    `The topic ${topic} has partitions with ${copies} of ${needed} needed copies: add copies with ` +
      'kafka-reassign-partitions.sh, or set OVERTURE_KAFKA_REPLICATION to how many you want, 1 on a single broker.',
  ];
}

function fits({ value, must }: TopicSetting, found: string | undefined): boolean {
  if (found === undefined || must === 'be whatever') return true;
  return must === 'equal' ? found === value : Number(found) >= Number(value);
}
