import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  ResourcePatternTypes,
  logLevel,
  type AclEntry,
} from 'kafkajs';
import { Secret } from '#contracts';
import { KafkaBroker, describeWithKafka } from '../../../../test/engines/kafka-broker.js';
import { makeRecords, readAll } from '../log-records.suite.js';
import { ensureTopics } from './topics/ensure-topics.js';
import { EVENTS_TOPIC, type KafkaOptions } from './client/kafka.options.js';
import { KafkaEventLog } from './kafka.event-log.js';
import { KafkaLogReader } from './kafka.log-reader.js';
import { KafkaTrimmableLog } from './kafka.trimmable-log.js';
import { KafkaCompactedTable } from './table/kafka.compacted-table.js';
import { posteriorsTopicOf } from './table/table-topic.js';

const clock = { epochMs: () => Date.now(), monotonicMs: () => performance.now() };
const PARTITION = 0;
const LOGIN_MODULE = 'org.apache.kafka.common.security.plain.PlainLoginModule';
const POSTERIORS = posteriorsTopicOf(EVENTS_TOPIC);
const { READ, WRITE, CREATE, DELETE, DESCRIBE, DESCRIBE_CONFIGS } = AclOperationTypes;

/** As docs/operating.md states them: topic, operations. */
const RIGHTS: Readonly<Record<string, readonly (readonly [string, readonly AclOperationTypes[]])[]>> = {
  gateway: [
    [EVENTS_TOPIC, [WRITE]],
    [POSTERIORS, [READ]],
  ],
  projector: [
    [EVENTS_TOPIC, [READ]],
    [POSTERIORS, [WRITE]],
  ],
  operator: [
    [EVENTS_TOPIC, [CREATE, DESCRIBE, DESCRIBE_CONFIGS, READ, WRITE, DELETE]],
    [POSTERIORS, [CREATE, DESCRIBE, DESCRIBE_CONFIGS]],
  ],
};

const allow = (user: string, operation: AclOperationTypes, resourceName: string): AclEntry => ({
  principal: `User:${user}`,
  host: '*',
  operation,
  permissionType: AclPermissionTypes.ALLOW,
  resourceType: AclResourceTypes.TOPIC,
  resourceName,
  resourcePatternType: ResourcePatternTypes.LITERAL,
});

describeWithKafka('brokers that allow each login what its work needs, and no more', () => {
  let broker: KafkaBroker;
  const closing: { close(): Promise<void> }[] = [];

  const as = (user: string): KafkaOptions => ({
    brokers: [broker.bootstrap],
    clientId: user,
    sasl: { mechanism: 'plain', username: user, password: new Secret(`of ${user}`) },
    onTrouble: () => undefined,
  });
  function open<Closable extends { close(): Promise<void> }>(opened: Closable): Closable {
    closing.push(opened);
    return opened;
  }

  beforeAll(async () => {
    const users = Object.keys(RIGHTS).map((user) => `user_${user}="of ${user}"`);
    broker = await KafkaBroker.start({
      settings: {
        'listener.security.protocol.map': 'CLIENTS:SASL_PLAINTEXT,DIRECT:PLAINTEXT,CONTROLLER:PLAINTEXT',
        'listener.name.clients.sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.clients.plain.sasl.jaas.config': `${LOGIN_MODULE} required ${users.join(' ')};`,
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS',
      },
    });
    const admin = new Kafka({ brokers: [broker.directBootstrap], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const acl = Object.entries(RIGHTS).flatMap(([user, topics]) =>
      topics.flatMap(([topic, operations]) => operations.map((operation) => allow(user, operation, topic))),
    );
    const group = { resourceType: AclResourceTypes.GROUP, resourceName: 'overture.read-models' };
    acl.push({ ...allow('projector', READ, ''), ...group });
    await admin.createAcls({ acl });
    await admin.disconnect();
  });
  afterAll(async () => {
    await Promise.all(closing.map((opened) => opened.close()));
    await broker.stop();
  });

  it('lets the operator make the topics and look at them again', async () => {
    const durability = { replicationFactor: 1, minInsyncReplicas: 1 };
    expect(await ensureTopics(as('operator'), durability)).toEqual([EVENTS_TOPIC, POSTERIORS]);
    expect(await ensureTopics(as('operator'), durability)).toEqual([]);
  });

  it('lets a gateway ship, see how far the topic is, and follow what was learnt', async () => {
    const log = open(new KafkaEventLog(as('gateway'), clock));
    await log.append(makeRecords(10));
    expect(await log.range(PARTITION)).toEqual({ earliest: 0n, highWater: 10n });

    const row = { partition: PARTITION, key: 'cell', value: '{}' };
    await open(new KafkaCompactedTable(as('projector'))).publish([row]);
    const follower = open(new KafkaCompactedTable(as('gateway'))).follow();
    let rows = await follower.next();
    while (rows.length === 0) rows = await follower.next();
    expect(rows).toEqual([{ key: 'cell', value: '{}' }]);
  });

  it('lets a projector join its group and read, which a gateway may not', async () => {
    const log = open(new KafkaLogReader(as('projector'), clock));
    for await (const { assigned } of log.claim('read-models')) {
      if (assigned.length > 0) break;
    }
    expect(await readAll(log, PARTITION)).toHaveLength(10);
    await expect(open(new KafkaLogReader(as('gateway'), clock)).read(PARTITION, 0n)).rejects.toThrow();
  });

  it('lets the operator drop what is archived', async () => {
    const log = new KafkaTrimmableLog(as('operator'));
    await log.takenBefore(Date.now());
    await log.dropBelow(new Map([[PARTITION, 4n]]));
    const reader = open(new KafkaLogReader(as('operator'), clock));
    expect(await reader.range(PARTITION)).toEqual({ earliest: 4n, highWater: 10n });
    expect((await reader.read(PARTITION, 4n)).events).toHaveLength(6);
  });
});
