// What a change of the dashboard is about. Apart from the shapes that check a change, so that the page, which sends
// changes and never checks one, does not carry the checker.
import type { PageChange } from './dashboardChanges.ts';

/** What a change is about: one at a time of each is under way. */
export function changeSubject(change: PageChange): string {
  switch (change.kind) {
    case 'answer': return `answer ${change.requestId}`;
    case 'priority': return `priority ${change.requestId}`;
    case 'askWorkspace': return `askWorkspace ${change.workspaceId}`;
    case 'askModel': return `askModel ${change.model}`;
    case 'budgetSet': return 'budgetSet';
    case 'budgetRemove': return `budgetRemove ${change.budgetId}`;
    case 'askEverywhere': case 'autoTopUp': case 'voucher': case 'unpricedPolicy': case 'unattendedPolicy': case 'undo': case 'seePrices': return change.kind;
  }
}
