import { stringify } from 'yaml';
import type { EventDefinition } from '#contracts';
import { EVENTS_TOPIC, PARTITION_COUNT, TABLE_PARTITIONS, posteriorsTopicOf } from '#event-log';
import { commentsOn } from '../rules/event-comments.js';
import type { TreeFile } from '../source-tree.js';
import { schemaFileOf } from './event-schemas.js';
import { POSTERIOR_ROW_FILE } from './table-schemas.js';

const KAFKA_BINDING = '0.5.0';
const HEAD = '# Generated from `libs/contracts` by `node scripts/generate/event-catalogue.mjs`; do not edit.\n';

const EVENTS = [
  'Everything that happens in a gateway, as CloudEvents 1.0 in the binary mode of the Kafka binding: attributes are',
  'headers, the value is the bare JSON payload. The key is the tenant and the partition is murmur2(tenant) modulo 64,',
  'as the Java client computes it, so the events of one tenant are in order. Delivery is at least once: drop an',
  'event whose `ce_id` has been seen. Nothing is compacted. A new field may appear; any other change is a new',
  '`ce_schemaver`.',
].join(' ');

const POSTERIORS = [
  'What routing has learnt of each candidate in each cell, as projectors have committed it to the read model',
  '`posterior`: a table as a topic. The last message of a key is its row; older ones are compacted away at some time.',
  'A row is newer than another of its key if its `next_offset` is greater: ignore one that is not, for a projector',
  'that was replaced may send late. A row that changes all the time is published about four times a second, and all',
  'rows of a partition again whenever a projector takes it over. A new field may appear.',
].join(' ');

/** `docs/asyncapi.yaml`: topics, messages and headers; payloads are the files of docs/schemas/. */
export function renderAsyncApi(catalogue: readonly EventDefinition[], tree: readonly TreeFile[]): string {
  const document = {
    asyncapi: '3.0.0',
    info: { title: 'Igris Overture events', version: '1.0.0', description: 'What analytics and billing can consume.' },
    defaultContentType: 'application/json',
    servers: { kafka: { host: 'localhost:9092', protocol: 'kafka', description: 'The brokers of your cluster.' } },
    channels: {
      events: {
        address: EVENTS_TOPIC,
        description: EVENTS,
        messages: Object.fromEntries(catalogue.map(({ type }) => [type, ref('components/messages', type)])),
        bindings: topicOf(EVENTS_TOPIC, PARTITION_COUNT, { 'cleanup.policy': ['delete'], 'retention.ms': -1 }),
      },
      posteriors: {
        address: posteriorsTopicOf(EVENTS_TOPIC),
        description: POSTERIORS,
        messages: { PosteriorRow: ref('components/messages', 'PosteriorRow') },
        bindings: topicOf(posteriorsTopicOf(EVENTS_TOPIC), TABLE_PARTITIONS, { 'cleanup.policy': ['compact'] }),
      },
    },
    operations: {
      appendEvents: { action: 'send', channel: ref('channels', 'events'), summary: 'A gateway states what happened.' },
      publishPosteriors: {
        action: 'send',
        channel: ref('channels', 'posteriors'),
        summary: 'A projector tells what it has committed.',
      },
    },
    components: {
      messages: {
        ...Object.fromEntries(catalogue.map((definition) => [definition.type, messageOf(definition, tree)])),
        PosteriorRow: POSTERIOR_ROW,
      },
      schemas: { CloudEventHeaders: HEADERS },
    },
  };
  return HEAD + stringify(document, { lineWidth: 120, aliasDuplicateObjects: false });
}

const ref = (folder: string, name: string): { $ref: string } => ({ $ref: `#/${folder}/${name}` });

const topicOf = (topic: string, partitions: number, topicConfiguration: object): object => ({
  kafka: { topic, partitions, topicConfiguration, bindingVersion: KAFKA_BINDING },
});

const POSTERIOR_ROW = {
  name: 'PosteriorRow',
  title: 'PosteriorRow v1',
  summary: 'A row of the read model `posterior`.',
  contentType: 'application/json',
  payload: { $ref: `./schemas/${POSTERIOR_ROW_FILE}` },
  bindings: {
    kafka: {
      key: { type: 'string', description: 'Partition of the log, cell and candidate, as `17/<cell>/<candidate>`.' },
      bindingVersion: KAFKA_BINDING,
    },
  },
};

function messageOf(definition: EventDefinition, tree: readonly TreeFile[]): object {
  const { type, version } = definition;
  const own = { properties: { ce_type: { const: type }, ce_schemaver: { const: String(version) } } };
  return {
    name: type,
    title: `${type} v${version}`,
    summary: commentsOn(type, tree).ofEvent,
    contentType: 'application/json',
    headers: { allOf: [ref('components/schemas', 'CloudEventHeaders'), own] },
    payload: { $ref: `./schemas/${schemaFileOf(definition)}` },
    bindings: { kafka: { key: { type: 'string', description: 'The tenant.' }, bindingVersion: KAFKA_BINDING } },
  };
}

const text = (description: string, more: object = {}): object => ({ type: 'string', description, ...more });

const HEADERS = {
  type: 'object',
  required: ['ce_id', 'ce_source', 'ce_type', 'ce_time', 'ce_specversion', 'ce_tenant', 'ce_schemaver', 'content-type'],
  properties: {
    ce_id: text('UUIDv5 of request, kind and attempt: the same for every delivery of an event.', { format: 'uuid' }),
    ce_source: text('Who says so, e.g. `/gateway/slot-0`.'),
    ce_type: text('Kind of the event.'),
    ce_time: text('When it happened: RFC 3339, UTC, milliseconds.', { format: 'date-time' }),
    ce_specversion: { const: '1.0' },
    ce_tenant: text('The project; `system` for what belongs to none.'),
    ce_schemaver: text('Version of the payload, in digits.'),
    ce_traceparent: text('W3C trace context of the request, where there is one.'),
    'content-type': { const: 'application/json' },
  },
};
