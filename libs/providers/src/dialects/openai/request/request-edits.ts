import { GatewayError, type ChatRequest } from '#contracts';
import { addMembers } from '../../../splice/append-member.js';
import { spliceTopLevel, type TopLevelEdits } from '../../../splice/splice-top-level.js';
import type { InboundChat } from '../../dialect.port.js';

/**
 * What becomes of a request field that a provider lacks. `refuse`: the answer would be another one without it, so the
 * caller gets a 400. `leave out`: a hint; its absence is told in a warning. `rename`: the provider has it by another
 * name. `replace`: something else says the same, or comes close, which is then told in a warning.
 */
export type FieldRule = { readonly field: string; readonly when?: (value: unknown) => boolean } & (
  | { readonly action: 'refuse' }
  | { readonly action: 'leave out' }
  | { readonly action: 'rename'; readonly to: string }
  | { readonly action: 'replace'; readonly by: (value: unknown) => unknown; readonly warning?: string }
  | { readonly action: 'replace by leaving out'; readonly others: readonly string[] }
);

/** Changes to a request body, gathered from rules, and what the caller is told about them. */
export class RequestEdits implements TopLevelEdits {
  readonly set: Record<string, string> = {};
  readonly remove: string[] = [];
  readonly warnings: string[] = [];

  constructor(private readonly providerName: string) {}

  /** The body with these changes: the same bytes where there are none, and no search where members are only added. */
  applyTo({ bytes, request }: InboundChat): Buffer {
    let changes = 0;
    let additions = 0;
    for (const name in this.set) {
      changes += 1;
      if (request[name] === undefined) additions += 1;
    }
    if (this.remove.length > 0 || additions < changes) return spliceTopLevel(bytes, this);
    return changes === 0 ? bytes : addMembers(bytes, this.set);
  }

  /** @throws GatewayError `unsupported_parameter` where a rule says so. */
  apply(rule: FieldRule, request: ChatRequest): void {
    const value = request[rule.field];
    if (value === undefined) return;
    if (value === null) {
      // Null asks for nothing; it goes, because a provider that does not know the field may refuse even that.
      if (rule.action !== 'replace') this.remove.push(rule.field);
      return;
    }
    if (rule.when === undefined || rule.when(value)) this.act(rule, value);
  }

  private act(rule: FieldRule, value: unknown): void {
    const { field } = rule;
    switch (rule.action) {
      case 'refuse':
        throw unsupported(field, this.providerName);
      case 'leave out':
        this.remove.push(field);
        this.warnings.push(`${field} was left out: ${this.providerName} does not support it`);
        return;
      case 'rename':
        this.remove.push(field);
        this.set[rule.to] = JSON.stringify(value);
        return;
      case 'replace':
        this.set[field] = JSON.stringify(rule.by(value));
        if (rule.warning !== undefined) this.warnings.push(`${field} was changed: ${rule.warning}`);
        return;
      case 'replace by leaving out':
        this.remove.push(field, ...rule.others);
    }
  }
}

function unsupported(field: string, providerName: string): GatewayError {
  const message = `${providerName} does not support this use of '${field}'. Leave it out, or choose another model.`;
  return new GatewayError('unsupported_parameter', message, { param: field });
}
