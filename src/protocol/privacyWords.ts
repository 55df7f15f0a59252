// What left this computer, what never does and what is kept on it, in words: sections of sentences, lists and tables, which the
// editor shows as a document and the command line as text. Each sentence stands beside the code that keeps it. Pure.
import { formatTokens } from '../domain/units.ts';
import { plural, t, usableLocale } from './language.ts';
import type { PrivacyTable, PrivacySection, PrivacyFacts } from './privacyReport.ts';
import { isThisComputer, sentDaysMax } from './sentReport.ts';
import type { SentRow } from './sentReport.ts';
import { keptSections } from './keptWords.ts';
import { workspaceWords } from './workspaceWords.ts';

/** The whole report. */
export function privacySections(facts: PrivacyFacts, locale: string): PrivacySection[] {
  const { snapshot: { broker }, days } = facts;
  const isPractice = broker.mode === 'practice';
  const rows = days.flatMap((day) => day.rows);
  const hasLeft = rows.some((row) => !staysHere(row, isPractice));
  const none = days.length === 0 ? [t('No request was sent in this time.')] : [];
  return [
    {
      title: t('What Left This Computer'),
      sentences: [
        t('What Codex and other programs sent through the broker in the last {0} days, by the day on which each request ended.', sentDaysMax),
        ...(isPractice ? [t('This is practice mode: a simulated upstream on this computer answers, and no key or sign-in of yours is used. Requests outside of practice mode are not told here; leave it and ask again for those.')] : []),
        ...(none.length > 0 ? none : hasLeft ? [] : [nothingLeft(isPractice)]),
      ],
      ...(rows.length === 0 ? {} : { table: tableOf(byPlace(rows), isPractice, locale, false) }),
      list: rows.length === 0 ? [] : readingHelp(facts, rows, isPractice),
    },
    ...days.map((day): PrivacySection => ({
      title: dayWords(day.day, locale), isDay: true,
      ...(day.rows.every((row) => staysHere(row, isPractice)) ? { sentences: [nothingLeft(isPractice)] } : {}),
      table: tableOf(day.rows, isPractice, locale, true),
    })),
    { title: t('What Else Goes Out'), list: besides(facts) },
    { title: t('What Never Leaves'), list: [
      t('There is no telemetry: broker and extension report to nobody and look for no updates.'),
      t('The ledger, the balance, budgets, the history and the log stay on this computer, and nothing of them is put into a request.'),
      t('Which git branch a folder is on, which command a request came from and which file it is about is kept in the ledger and told to nobody. What you ask about itself tells more: a selection comes with the name of its file, files and changes with their paths, and a failed command with its line, its folder and what it wrote.'),
      t('To what a program sends, the broker adds what lets it in and asks for an answer that is not compressed, and to ChatGPT it sends back the cookies by which Cloudflare knows a visitor; for a fallback it changes the model\'s name. The workspace\'s token and headers that are on no list are taken away.'),
      t('Your API key goes to the upstream alone, and a ChatGPT sign-in to the address for sign-ins alone. A fallback gets neither.'),
      t('The broker stores and logs no prompt and no reply. VS Code keeps the titles of Codex tasks that wait, which are up to 200 letters of what you asked.'),
    ] },
    ...keptSections(facts, locale),
  ];
}

/** Of a server on this computer only what the broker sent there is known. */
function nothingLeft(isPractice: boolean): string {
  return isPractice ? t('In practice mode nothing left this computer.') : t('The broker sent nothing beyond this computer. Whether a server here passed it on is not known to it.');
}

/** Whether it went no further than this computer. */
function staysHere({ way, at }: SentRow, isPractice: boolean): boolean {
  return isPractice && way !== 'fallback' || at !== undefined && isThisComputer(at);
}

/** What lies in several days or workspaces, summed for each place and way. */
function byPlace(rows: readonly SentRow[]): SentRow[] {
  const sums = new Map<string, SentRow>();
  for (const row of rows) {
    const key = `${row.way} ${row.at ?? ''}`;
    const sum = sums.get(key);
    sums.set(key, sum ? {
      ...sum, requests: sum.requests + row.requests, attempts: sum.attempts + row.attempts, inputTokens: sum.inputTokens + row.inputTokens,
      outputTokens: sum.outputTokens + row.outputTokens, uncountedInputTokens: sum.uncountedInputTokens + row.uncountedInputTokens,
    } : row);
  }
  return [...sums.values()].sort((a, b) => b.requests - a.requests);
}

function tableOf(rows: readonly SentRow[], isPractice: boolean, locale: string, byWorkspace: boolean): PrivacyTable {
  const count = new Intl.NumberFormat(usableLocale(locale));
  const lead = (row: SentRow) => [placeWords(row, isPractice), wayWords(row, isPractice), ...(byWorkspace ? [row.workspaceId === '' ? t('other workspaces') : workspaceWords(row.workspaceLabel)] : [])];
  return {
    head: [t('Sent to'), t('Let in by'), ...(byWorkspace ? [t('Workspace')] : []), t('Requests'), t('Attempts'), t('Input tokens'), t('Not counted'), t('Output tokens received')],
    rows: rows.map((row) => [...lead(row), count.format(row.requests), count.format(row.attempts), ...[row.inputTokens, row.uncountedInputTokens, row.outputTokens].map((tokens) => formatTokens(tokens, locale))]),
    numbersFrom: byWorkspace ? 3 : 2,
  };
}

function placeWords({ way, at }: SentRow, isPractice: boolean): string {
  if (isPractice && way !== 'fallback') return t('this computer (simulated)');
  if (at === undefined) return t('not noted');
  return isThisComputer(at) ? t('{0} (this computer)', at) : at;
}

function wayWords({ way }: SentRow, isPractice: boolean): string {
  switch (way) {
    case 'key': return isPractice ? t('a made-up key') : t('your API key');
    case 'login': return t('your ChatGPT sign-in');
    case 'fallback': return t('the fallback\'s own key, if it has one');
  }
}

function readingHelp({ snapshot }: PrivacyFacts, rows: readonly SentRow[], isPractice: boolean): string[] {
  return [
    t('Tokens are as the other side counted them, or estimated where an answer broke off. A request that is sent again after a refusal has several attempts.'),
    t('"Not counted" is the estimated input of attempts for which nothing was counted, since they were refused there or the connection was lost: how much of it arrived is not known.'),
    t('Corrections that were made later change nothing here.'),
    ...(!isPractice && rows.some((row) => row.at === undefined) ? [t('"Not noted" was sent before the ledger began to note where to; it was the upstream that was set at that time.')] : []),
    ...(snapshot.running.length > 0 ? [plural(snapshot.running.length, '{0} request runs now; it is told here once it has ended.', '{0} requests run now; they are told here once they have ended.')] : []),
  ];
}

function besides({ snapshot: { unmetered }, isBrokerRunning }: PrivacyFacts): string[] {
  return [
    t('Not in the ledger, because nothing is booked for it: lists of models, counts of input tokens, and reading, cancelling and deleting stored responses, when a program asks for them. It goes where that program\'s requests go, in the same way.'),
    t('The broker itself asks how a response in the background stands, with the API key, and now and then how far the plan of a ChatGPT sign-in is used, with that sign-in and under the name `codex-cli`. `codex-broker doctor` asks the upstream, without a key, whether it answers.'),
    ...(isBrokerRunning ? [unmetered
      ? plural(unmetered.requests, 'Since the broker started, {0} request went through an address that you opened, with the API key; it is in the log and in no number here.', 'Since the broker started, {0} requests went through an address that you opened, with the API key; they are in the log and in no number here.')
      : t('Since the broker started, no request went through an address that you opened for passing through.')]
      : [t('Requests that went through an address that you opened for passing through are in the log and in no number here.')]),
    t('Where a proxy is set in VS Code or in the environment, requests can pass it on their way; which one is not noted here.'),
    t('What VS Code, Codex and other programs send without the broker is not known here: Codex signs in and reports to OpenAI by its own settings.'),
  ];
}

function dayWords(day: string, locale: string): string {
  return new Intl.DateTimeFormat(usableLocale(locale), { dateStyle: 'full', timeZone: 'UTC' }).format(Date.parse(`${day}T00:00:00Z`));
}
