import type { Message } from 'kafkajs';
import type { LogEvent, LogRecord } from '../../event-log.port.js';
import type { FetchedMessage } from './kafkajs-internals.js';

/** Attributes of CloudEvents' Kafka binding that are fields of a record, too. */
const ID = 'ce_id';
const TYPE = 'ce_type';
const TENANT = 'ce_tenant';
const VERSION = 'ce_schemaver';

/** A record as a message: binary mode of the CloudEvents Kafka binding, key and partition explicit. */
export function toMessage({ partition, eventId, type, version, tenant, headers, value }: LogRecord): Message {
  return {
    partition,
    key: tenant,
    value,
    headers: { ...headers, [ID]: eventId, [TYPE]: type, [TENANT]: tenant, [VERSION]: String(version) },
  };
}

/** A message as an event, whoever wrote it: what is missing in one that is not ours is empty, and found so later. */
export function toEvent(partition: number, { offset, value, headers = {} }: FetchedMessage): LogEvent {
  const texts: Record<string, string> = {};
  for (const [name, header] of Object.entries(headers)) texts[name] = String([header].flat()[0] ?? '');
  const version = Number(texts[VERSION]);
  return {
    partition,
    offset: BigInt(offset),
    eventId: texts[ID] ?? '',
    type: texts[TYPE] ?? '',
    version: Number.isSafeInteger(version) ? version : 0,
    tenant: texts[TENANT] ?? '',
    headers: texts,
    value: value?.toString() ?? '',
  };
}
