import type { ProviderDialect } from '../dialect.port.js';
import { adaptRequest } from './request/adapt-request.js';
import { readFailure } from './openai.errors.js';
import type { FamilyMember } from './openai-family.js';
import { OpenAiStreamReader } from './openai.stream.js';
import { readAnswer } from './read-answer.js';

/** The dialect of one member of OpenAI's family: bytes pass through, but for what its table entry says. */
export function openAiDialect(member: FamilyMember): ProviderDialect {
  return {
    id: member.id,
    toProvider: (chat, target) => adaptRequest(chat, target, member),
    fromProvider: (body) => readAnswer(body, member),
    openStream: () => new OpenAiStreamReader(member),
    readFailure: (status, body) => readFailure(status, body, member),
  };
}
