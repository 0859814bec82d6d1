import { BUDGET_SCOPES, type Budget, type BudgetScope } from './budget.js';

/** Who a request is charged to, scope by scope; a scope that does not exist for it is left out or null. */
export type ChargedScopes = { readonly [scope in BudgetScope]?: string | null };

/** Every budget by what it limits. Immutable: when budgets change, the tree is replaced. */
export class BudgetTree {
  private readonly budgets = new Map<string, Budget[]>();

  constructor(budgets: readonly Budget[]) {
    for (const budget of budgets.toSorted(byId)) {
      const key = `${budget.scope}/${budget.scopeId}`;
      const siblings = this.budgets.get(key);
      if (siblings === undefined) this.budgets.set(key, [budget]);
      else siblings.push(budget);
    }
  }

  /** The budgets that must agree to a request, in the one order that everybody asks them. */
  above(scopes: ChargedScopes): readonly Budget[] {
    const found: Budget[] = [];
    for (const scope of BUDGET_SCOPES) {
      const scopeId = scopes[scope];
      if (scopeId === undefined || scopeId === null) continue;
      const budgets = this.budgets.get(`${scope}/${scopeId}`);
      if (budgets !== undefined) found.push(...budgets);
    }
    return found;
  }
}

const byId = (a: Budget, b: Budget): number => (a.id < b.id ? -1 : 1);
