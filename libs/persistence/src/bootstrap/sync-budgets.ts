import { randomUUID } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { ApiKey } from '../control/api-key.entity.js';
import { Budget, type BudgetPeriod, type BudgetScope } from '../control/budget.entity.js';
import { Project } from '../control/project.entity.js';

/** A budget as the operator's file states it. */
export interface ConfiguredBudget {
  /** Its identity: what is spent stays with the name when anything else is changed. */
  readonly name: string;
  readonly scope: BudgetScope;
  /** Slug of a project, or name of a live API key. */
  readonly of: string;
  readonly period: BudgetPeriod;
  readonly limitNanoUsd: bigint;
}

/** Configured budgets that cannot be set up; names all of them at once. */
class BudgetConfigurationError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`Budgets cannot be set up: ${problems.join('; ')}.`);
    this.name = 'BudgetConfigurationError';
  }
}

type Target = Pick<Budget, 'tenantId' | 'name' | 'scope' | 'scopeId' | 'period' | 'limitNanoUsd'>;

/**
 * Makes the live budgets those of the operator's file, as the migrator: adds, changes in place, and retires what the
 * file no longer names. What was spent is never touched.
 * @throws BudgetConfigurationError and changes nothing when a budget's project or key does not exist.
 */
export async function syncBudgets(em: EntityManager, budgets: readonly ConfiguredBudget[], now: Date): Promise<void> {
  await em.fork().transactional(async (tx) => {
    await tx.execute('lock table control.budget in share row exclusive mode');
    const targets = await findTargets(tx, budgets);
    const live = await tx.find(Budget, { retiredAt: null });
    for (const budget of live) {
      const target = targets.get(identityOf(budget));
      if (target === undefined) budget.retiredAt = now;
      else tx.assign(budget, target);
      targets.delete(identityOf(budget));
    }
    // Before anything is added, so that a name may go on to a budget of another scope.
    await tx.flush();
    for (const target of targets.values()) await tx.insert(Budget, { ...target, id: randomUUID(), createdAt: now });
  });
}

/** A budget of a project and one of a key are different ones, even by the same name. */
function identityOf({ tenantId, scope, name }: Pick<Budget, 'tenantId' | 'scope' | 'name'>): string {
  return JSON.stringify([tenantId, scope, name]);
}

async function findTargets(em: EntityManager, budgets: readonly ConfiguredBudget[]): Promise<Map<string, Target>> {
  const problems: string[] = [];
  const targets = new Map<string, Target>();
  const names = new Set<string>();
  for (const { name, scope, of, period, limitNanoUsd } of budgets) {
    if (names.size === names.add(name).size) problems.push(`"${name}" is there twice`);
    const owners = await findOwners(em, scope, of);
    const [owner] = owners;
    if (owner === undefined || owners.length > 1) {
      problems.push(
        `"${name}" is for ${scope} "${of}", of which there ${owners.length === 0 ? 'is none' : 'are several'}`,
      );
      continue;
    }
    const target = { ...owner, name, scope, period, limitNanoUsd };
    targets.set(identityOf(target), target);
  }
  if (problems.length > 0) throw new BudgetConfigurationError(problems);
  return targets;
}

async function findOwners(
  em: EntityManager,
  scope: BudgetScope,
  of: string,
): Promise<Pick<Budget, 'tenantId' | 'scopeId'>[]> {
  if (scope === 'project') {
    const projects = await em.find(Project, { slug: of });
    return projects.map(({ id }) => ({ tenantId: id, scopeId: id }));
  }
  const keys = await em.find(ApiKey, { name: of, revokedAt: null });
  return keys.map(({ id, tenantId }) => ({ tenantId, scopeId: id }));
}
