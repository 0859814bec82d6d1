import { topicMisfits, type FoundTopic } from './topic-misfits.js';
import { eventsTopic, posteriorsTopic, type WantedTopic } from './wanted-topic.js';

const DURABILITY = { replicationFactor: 3, minInsyncReplicas: 2 };
const EVENTS = eventsTopic({}, DURABILITY);
const POSTERIORS = posteriorsTopic({}, DURABILITY);

const asMade = ({ partitions, settings }: WantedTopic): FoundTopic => ({
  partitions,
  copies: 3,
  settings: new Map(settings.map(({ name, value }) => [name, value])),
});

function misfits(wanted: WantedTopic, changes: Readonly<Record<string, string>>, more: Partial<FoundTopic> = {}) {
  const made = asMade(wanted);
  const settings = new Map([...made.settings, ...Object.entries(changes)]);
  return topicMisfits(wanted, { ...made, settings, ...more }, 'kafka-1:9092').join('\n');
}

describe('a topic that is there', () => {
  it('fits as we make it, and when its owner is stricter', () => {
    expect([EVENTS, POSTERIORS].flatMap((topic) => topicMisfits(topic, asMade(topic), 'kafka:9092'))).toEqual([]);
    expect(misfits(EVENTS, { 'min.insync.replicas': '3', 'max.message.bytes': '8388608' }, { copies: 5 })).toBe('');
  });

  it.each([
    ['cleanup.policy', 'compact', 'compaction drops events'],
    ['cleanup.policy', 'compact,delete', 'compaction drops events'],
    ['retention.ms', '3600000', 'deleted when they are older'],
    ['retention.bytes', '1073741824', 'deleted when there are more'],
    ['min.insync.replicas', '1', 'loses acknowledged events'],
    ['unclean.leader.election.enable', 'true', 'lacks acknowledged events'],
    ['max.message.bytes', '1048588', 'refused'],
  ])('is refused for events with %s=%s', (name, value, otherwise) => {
    const told = misfits(EVENTS, { [name]: value });
    expect(told).toContain(`${name}=${value} must be ${asMade(EVENTS).settings.get(name)}`);
    expect(told).toContain(otherwise);
  });

  it('is told all that is wrong with it at once, as a command to type', () => {
    expect(misfits(EVENTS, { 'retention.ms': '3600000', 'min.insync.replicas': '1' })).toContain(
      'kafka-configs.sh --bootstrap-server kafka-1:9092 --alter --entity-type topics --entity-name overture.events ' +
        '--add-config retention.ms=-1,min.insync.replicas=2',
    );
  });

  it('needs as many copies as must have a batch', () => {
    expect(misfits(EVENTS, {}, { copies: 1 })).toMatch(/1 of 2 needed copies.*OVERTURE_KAFKA_REPLICATION/);
    expect(misfits(EVENTS, { 'min.insync.replicas': '3' }, { copies: 2 })).toMatch(/2 of 3 needed copies/);
    expect(misfits(POSTERIORS, { 'min.insync.replicas': '1' }, { copies: 1 })).toBe('');
  });

  it('keeps its number of partitions for good', () => {
    expect(misfits(EVENTS, {}, { partitions: 12 })).toMatch(/has 12 partitions and must have 64/);
  });

  it('may keep what was learnt as its owner likes, but not forget it', () => {
    expect(misfits(POSTERIORS, { 'retention.ms': '3600000', 'segment.bytes': '1073741824' })).toBe('');
    expect(misfits(POSTERIORS, { 'cleanup.policy': 'compact,delete' })).toContain('cleanup.policy=compact');
  });

  it('is not judged by what the brokers do not tell', () => {
    const made = asMade(EVENTS);
    expect(topicMisfits(EVENTS, { ...made, settings: new Map() }, 'kafka:9092')).toEqual([]);
  });
});
