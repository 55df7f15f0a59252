// What the product keeps on this computer, in words, for the report about privacy and for whoever is about to remove it. Pure.
import type { DataKind } from './dataFiles.ts';
import { plural, t, usableLocale } from './language.ts';
import type { PrivacyFacts, PrivacySection } from './privacyReport.ts';
import type { StoredFolder } from './sentReport.ts';

/** What files of a kind hold. */
export function dataKindWords(kind: DataKind): string {
  switch (kind) {
    case 'ledger': return t('Ledger: requests, tokens, cost, credits, times, clients, workspaces with their folders and git branches, commands, and names of files that were asked about');
    case 'backups': return t('Backups of the ledger');
    case 'aside': return t('Ledgers that a restore put aside');
    case 'anchor': return t('Where the ledger stood, to tell an older copy');
    case 'plans': return t('What ChatGPT told of plans, under a hash of the account');
    case 'routes': return t('What Codex\'s configuration was before it was routed');
    case 'logs': return t('Logs');
    case 'secrets': return t('The broker\'s own secrets, from which workspace tokens are made');
    case 'run': return t('Address, port, mode and lock of the broker');
  }
}

/** A size: "0.1 kB", "340 kB", "12.5 MB". */
export function sizeWords(bytes: number, locale: string): string {
  const units = ['kilobyte', 'megabyte', 'gigabyte'] as const;
  const power = bytes < 1_000_000 ? 1 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length);
  const value = bytes === 0 ? 0 : Math.max(0.1, bytes / 1000 ** power);
  return new Intl.NumberFormat(usableLocale(locale), { style: 'unit', unit: units[power - 1] ?? 'kilobyte', maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
}

/** The sections about what is kept where. */
export function keptSections(facts: PrivacyFacts, locale: string): PrivacySection[] {
  return [
    { title: t('What Is Kept on This Computer'), list: keptElsewhere(facts) },
    ...facts.stored.folders.map((folder): PrivacySection => ({
      title: folder.path, isDay: true,
      table: { head: [t('What'), t('Files'), t('Size')], rows: folder.kinds.map(({ kind, files, bytes }) => [dataKindWords(kind), String(files), sizeWords(bytes, locale)]), numbersFrom: 1 },
      list: othersWords(folder),
    })),
  ];
}

/** What in a folder is not the product's own. */
export function othersWords({ others }: Pick<StoredFolder, 'others'>): string[] {
  return others.length === 0 ? [] : [t('Not made by the broker: {0}', others.join(', '))];
}

function keptElsewhere({ snapshot: { key, broker }, isBrokerRunning, stored: { routes, folders }, editor }: PrivacyFacts): string[] {
  return [
    // Practice mode uses no keychain; beside it there may be a ledger that counts real requests.
    ...(broker.mode === 'practice' ? folders.some((one) => broker.dataDir !== one.path && broker.dataDir.startsWith(one.path)) ? [t('The system keychain may hold your API key and a mark of where the ledger of real requests stood; in practice mode it is not asked.')] : [] : [keyWords(key, isBrokerRunning), t('The system keychain also keeps a mark of where the ledger stood, if there is a keychain.')]),
    ...(editor ? [
      editor.hasSecretKey ? t('VS Code\'s secret storage holds your API key.') : t('VS Code\'s secret storage holds no API key of yours.'),
      ...(editor.routesTerminals ? [t('In new terminals of VS Code the variables PATH, CODEX_BROKER_DATA and CODEX_BROKER_WORKSPACE are changed, as the setting codexBroker.routeTerminals says.')] : []),
      ...(editor.waitingTasks > 0 ? [plural(editor.waitingTasks, 'VS Code keeps the title, which is the first line of what you asked, up to 200 letters and so perhaps all of it, of {0} Codex task that waits.', 'VS Code keeps the titles, which are the first lines of what you asked, up to 200 letters and so perhaps all of it, of {0} Codex tasks that wait.')] : []),
    ] : []),
    ...(routes.length === 0 ? [t('No configuration of Codex is known to be routed through the broker.')]
      : routes.map((path) => t('{0} leads Codex to the broker, with a workspace\'s token in the address; copies of what it was lie beside it.', path))),
    t('Files of the broker are here:'),
  ];
}

function keyWords(key: PrivacyFacts['snapshot']['key'], isBrokerRunning: boolean): string {
  if (!isBrokerRunning) return t('Whether the system keychain holds your API key was not looked at, since no broker runs.');
  if (key.state === 'missing') return t('The broker has no API key. If the system keychain gave no answer, one may lie there.');
  return key.source === 'keychain' ? t('The system keychain holds your API key.') : t('The broker holds an API key in its memory until it ends, and did not store that one. The system keychain may hold another.');
}
