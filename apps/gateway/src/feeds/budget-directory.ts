import { BudgetTree, type Budget } from '#ledger';

/** The budgets in force, in memory; replaced as a whole when they change. */
export class BudgetDirectory {
  private tree = new BudgetTree([]);
  private none = true;

  /** Nobody's spending is limited. */
  get isEmpty(): boolean {
    return this.none;
  }

  replaceAll(budgets: readonly Budget[]): void {
    this.tree = new BudgetTree(budgets);
    this.none = budgets.length === 0;
  }

  above(scopes: Parameters<BudgetTree['above']>[0]): readonly Budget[] {
    return this.tree.above(scopes);
  }
}
