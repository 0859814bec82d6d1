import { BudgetTree, type Budget } from '#ledger';

/** The budgets in force, in memory; replaced as a whole when they change. */
export class BudgetDirectory {
  private tree = new BudgetTree([]);

  replaceAll(budgets: readonly Budget[]): void {
    this.tree = new BudgetTree(budgets);
  }

  above(scopes: Parameters<BudgetTree['above']>[0]): readonly Budget[] {
    return this.tree.above(scopes);
  }
}
