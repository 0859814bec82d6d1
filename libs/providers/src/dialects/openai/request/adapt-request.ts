import type { ChatRequest } from '#contracts';
import type { DialectTarget, InboundChat, UpstreamRequest } from '../../dialect.port.js';
import { GATEWAY_FIELDS } from '../../gateway-fields.js';
import { adaptMessages } from './adapt-messages.js';
import { RequestEdits } from './request-edits.js';
import type { FamilyMember, OutputCapField } from '../openai-family.js';

interface Adaptation {
  readonly request: ChatRequest;
  readonly target: DialectTarget;
  readonly member: FamilyMember;
}

const PATH = '/chat/completions';
const JSON_HEADERS = Object.freeze({ 'content-type': 'application/json', accept: 'application/json' });
const STREAM_HEADERS = Object.freeze({ 'content-type': 'application/json', accept: 'text/event-stream' });
const OUTPUT_CAPS: readonly OutputCapField[] = ['max_completion_tokens', 'max_tokens'];

/**
 * The caller's own bytes, with nothing changed but what has to be: the model's name, a cap, the request for usage, and
 * what the member's table says. The usual request differs in one splice.
 * @throws GatewayError `unsupported_parameter`
 */
export function adaptRequest(chat: InboundChat, target: DialectTarget, member: FamilyMember): UpstreamRequest {
  const { request } = chat;
  const edits = new RequestEdits(member.name);
  if (request.model !== target.model) edits.set['model'] = JSON.stringify(target.model);
  if ((request.stream ?? false) !== target.stream) edits.set['stream'] = String(target.stream);
  for (const field of GATEWAY_FIELDS) if (request[field] !== undefined) edits.remove.push(field);
  limitOutput(edits, { request, target, member });
  askForUsage(edits, { request, target, member });
  const messages = adaptMessages(request.messages, member);
  if (messages !== null) edits.set['messages'] = JSON.stringify(messages);
  for (const rule of member.rules) edits.apply(rule, request);

  const headers = target.stream ? STREAM_HEADERS : JSON_HEADERS;
  return { path: PATH, headers, body: edits.applyTo(chat), warnings: edits.warnings };
}

/** A cap goes under the name that the caller used, where the provider takes it, else under the provider's own. */
function limitOutput(edits: RequestEdits, { request, target, member }: Adaptation): void {
  const own = member.outputCaps[0]!;
  const limit = target.maxOutputTokens;
  let isKnown = false;
  let unknown: OutputCapField | null = null;
  for (const field of OUTPUT_CAPS) {
    if (request[field] === undefined) continue;
    if (member.outputCaps.includes(field)) {
      isKnown = true;
      if (limit !== null) edits.set[field] = String(limit);
    } else {
      unknown ??= field;
      edits.remove.push(field);
    }
  }
  if (isKnown) return;
  if (limit !== null) edits.set[own] = String(limit);
  else if (unknown !== null && request[unknown] !== null) edits.set[own] = JSON.stringify(request[unknown]);
}

/** Usage is always wanted; whether the caller gets to see it is decided where the answer goes out. */
function askForUsage(edits: RequestEdits, { request, target, member }: Adaptation): void {
  const options = request.stream_options;
  if (member.streamUsage === 'always') {
    // Nothing is lost: what the field asks for is what this provider does anyway.
    if (options !== undefined) edits.remove.push('stream_options');
  } else if (target.stream && options?.include_usage !== true) {
    edits.set['stream_options'] = JSON.stringify({ ...options, include_usage: true });
  }
}
