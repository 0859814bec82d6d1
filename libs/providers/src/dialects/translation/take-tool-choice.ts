import { GatewayError } from '#contracts';
import { asList, asName, asRecord } from './json-value.js';
import type { RequestFields } from './request-fields.js';

/** OpenAI's `tool_choice`, every form of it brought to one. */
export interface ToolChoice {
  readonly mode: 'auto' | 'none' | 'required';
  /** Names of the tools that may be called; null: all. */
  readonly only: readonly string[] | null;
}

/** @see https://platform.openai.com/docs/api-reference/chat/create#chat-create-tool_choice */
export function takeToolChoice(fields: RequestFields, hasTools: boolean): ToolChoice | null {
  const choice = fields.take('tool_choice');
  if (choice === undefined) return null;
  if (!hasTools) {
    if (choice !== 'auto' && choice !== 'none') fields.warn('tool_choice', 'left out, there are no tools');
    return null;
  }
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { mode: choice, only: null };

  const { type, function: named, allowed_tools: allowed } = asRecord(choice) ?? {};
  if (type === 'function') return { mode: 'required', only: [nameOf(named)] };
  if (type === 'allowed_tools') {
    const { mode, tools } = asRecord(allowed) ?? {};
    const only = asList(tools).map((tool) => nameOf(asRecord(tool)?.function));
    return { mode: mode === 'required' ? 'required' : 'auto', only };
  }
  throw new GatewayError('invalid_value', '`tool_choice` must be auto, none, required or name a function.', {
    param: 'tool_choice',
  });
}

function nameOf(named: unknown): string {
  const name = asName(asRecord(named)?.name);
  if (name !== null) return name;
  throw new GatewayError('invalid_value', '`tool_choice` must give the name of the function.', {
    param: 'tool_choice',
  });
}
