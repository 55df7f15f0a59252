// All pages but the first, as a script of their own that comes when somebody opens one: most looks at the dashboard need
// none of them, and they are a third of it.
import { AutoCredits } from './autoCredits.ts';
import { BudgetForm } from './budgetForm.ts';
import { BurnChart } from './burnChart.ts';
import { creditsPage } from './creditsPage.ts';
import { EventsPage } from './eventsPage.ts';
import { HistoryPage } from './historyPage.ts';
import { InsightsPage } from './insightsPage.ts';
import type { OtherPages } from './lazyPages.ts';
import { LedgerPage } from './ledgerPage.ts';
import { TopUpForm } from './topUpForm.ts';

customElements.define('burn-chart', BurnChart);
customElements.define('topup-form', TopUpForm);
customElements.define('budget-form', BudgetForm);
customElements.define('auto-credits', AutoCredits);
customElements.define('history-page', HistoryPage);
customElements.define('ledger-page', LedgerPage);
customElements.define('events-page', EventsPage);
customElements.define('insights-page', InsightsPage);

/** What of these pages is no element. */
export const otherPages: OtherPages = { creditsPage };
