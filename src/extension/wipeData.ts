// The command that removes all data of the broker: tells what that is, offers to save it first, asks, has the program do it, and
// lets this window begin anew as after its installation. Nothing happens before the person has said yes.
import { problem, ProblemError } from '../domain/problem.ts';
import { formatCredits } from '../domain/units.ts';
import { othersWords, sizeWords } from '../protocol/keptWords.ts';
import { plural, t } from '../protocol/language.ts';
import type { Editor } from './editorApi.ts';
import { withoutLinks } from './markdownText.ts';
import type { ShownPlan, ShownWipe, WipeProgram } from './wipeProgram.ts';

/** What the command needs from outside. */
export interface WipeParts {
  readonly editor: Pick<Editor, 'window' | 'workspace' | 'Uri' | 'ProgressLocation' | 'env'>;
  readonly program: WipeProgram;
  /** Whether terminals are led through the broker by a setting, which is turned off too. */
  routesTerminals(): boolean;
  /** Leaves the broker, so that this window starts none while it is removed. */
  leave(): void;
  /** Takes the API key out of the secret storage before, so that no window hands it to a broker that it starts meanwhile. @returns puts it back */
  takeKey(): Promise<() => Promise<void>>;
  /** Forgets what VS Code keeps for the extension. */
  forget(): Promise<void>;
  /** Starts over. */
  begin(): void;
  /** Takes the extension out of VS Code. */
  uninstall(): Promise<void>;
}

/** Name of the file that an export is offered under. */
const exportName = 'codex-broker-requests.csv';

/** Asks and wipes. @throws ProblemError */
export async function wipeData(parts: WipeParts): Promise<void> {
  const { window } = parts.editor;
  const wiped = await askAndWipe(parts);
  if (!wiped) return;
  const text = withoutLinks(wipedWords(wiped));
  const uninstallLabel = t('Uninstall Extension');
  const chosen = await (wiped.isKeychainSilent ? window.showWarningMessage(text, uninstallLabel) : window.showInformationMessage(text, uninstallLabel));
  // The button stays as long as the message, while new credits and a new key may come: it asks about them as the command did.
  if (chosen === uninstallLabel) await askAndWipe(parts, () => parts.uninstall());
}

/** @param last takes away the extension, so that nothing begins anew @returns undefined where it was not agreed to */
async function askAndWipe(parts: WipeParts, last?: () => Promise<void>): Promise<ShownWipe | undefined> {
  const plan = await askAll(parts);
  if (!plan) return undefined;
  return parts.editor.window.withProgress({ location: parts.editor.ProgressLocation.Notification, title: t('Removing all data of the broker') }, async () => {
    let isLast = false;
    parts.leave();
    try {
      const putBack = await parts.takeKey();
      const done = await parts.program.wipe(plan).catch(async (error: unknown) => {
        await putBack();
        throw error;
      });
      await parts.forget();
      await last?.();
      isLast = last !== undefined;
      return done;
    } finally {
      if (!isLast) parts.begin();
    }
  });
}

/** The questions. @returns the plan that was agreed to */
async function askAll({ editor, program, routesTerminals }: WipeParts): Promise<ShownPlan | undefined> {
  const { window } = editor;
  const [wipeLabel, exportLabel, stopLabel] = [t('Wipe All Data'), t('Export First…'), t('Stop Them and Wipe')];
  for (;;) {
    const plan = await program.plan();
    // The first button is the one that the Enter key presses.
    const chosen = await window.showWarningMessage(t('Remove all data of the Codex Broker from this computer for good?'), { modal: true, detail: planWords(plan, routesTerminals(), editor.env.language) }, exportLabel, wipeLabel);
    if (chosen === exportLabel) {
      await saveFirst({ editor, program });
      continue;
    }
    if (chosen !== wipeLabel) return undefined;
    if (plan.requests === 0) return plan;
    const agreed = await window.showWarningMessage(plural(plan.requests, '{0} request runs or waits now. A wipe ends it.', '{0} requests run or wait now. A wipe ends them.'), { modal: true }, stopLabel);
    return agreed === stopLabel ? plan : undefined;
  }
}

async function saveFirst({ editor, program }: Pick<WipeParts, 'editor' | 'program'>): Promise<void> {
  const folder = editor.workspace.workspaceFolders?.[0]?.uri;
  const chosen = await editor.window.showSaveDialog({ title: t('Export the ledger\'s requests'), filters: { [t('Comma-separated values')]: ['csv'] }, ...(folder ? { defaultUri: editor.Uri.joinPath(folder, exportName) } : {}) });
  if (!chosen) return;
  if (chosen.scheme !== 'file') throw new ProblemError(problem('argument_invalid', 'The export can be written to this computer alone.', { remedy: 'Choose a folder of this computer.' }));
  await program.exportTo(chosen.fsPath);
}

/** What is removed and what stays, line by line. */
export function planWords({ folders, routes, brokers, isKeyIncluded }: ShownPlan, routesTerminals: boolean, locale: string): string {
  const removed = [
    ...(folders.length === 0 ? [] : [t('The ledger with balance, history and receipts, its backups, logs, what is remembered of plans, and the broker\'s own tokens and addresses:')]),
    ...folders.map(({ path, kinds, ledger }) => {
      const size = sizeWords(kinds.reduce((sum, one) => sum + one.bytes, 0), locale);
      return `• ${ledger?.isTracked ? t('{0}: {1}, with {2} credits left', path, size, formatCredits(ledger.balanceMicroCredits, 2, locale)) : t('{0}: {1}', path, size)}`;
    }),
    t('Besides:'),
    isKeyIncluded ? `• ${t('Your OpenAI API key in VS Code\'s secret storage and in the system keychain; it stays valid at OpenAI')}` : `• ${t('Your OpenAI API key in VS Code\'s secret storage; it stays valid at OpenAI')}`,
    ...routes.map((path) => `• ${t('The broker\'s line in {0}, which becomes what it was', path)}`),
    ...(routesTerminals ? [`• ${t('Variables of VS Code\'s terminals; the setting codexBroker.routeTerminals is turned off')}`] : []),
    `• ${t('What VS Code keeps for the extension: waiting tasks, answers, what was told before')}`,
  ];
  const others = folders.flatMap((folder) => othersWords(folder).map((words) => `${folder.path}: ${words}`));
  return [
    ...removed, '',
    ...(brokers > 0 ? [t('The running broker is ended, also for other windows and programs. Windows then begin anew.')] : []),
    ...(others.length > 0 ? [t('This stays: {0}', others.join('; '))] : []),
    t('Settings, exports and backups that you saved elsewhere, and Codex\'s own files stay.'),
  ].join('\n');
}

function wipedWords({ folders, routes: _routes, isKeychainSilent }: ShownWipe): string {
  const others = folders.flatMap((one) => one.others.map((name) => `${one.path}/${name}`));
  return [
    t('All data of the Codex Broker is removed; it begins anew.'),
    ...(others.length > 0 ? [t('Files that it did not make stay: {0}.', others.join(', '))] : []),
    ...(isKeychainSilent ? [t('The system keychain gave no answer: if your API key is in it, it still is. Look for "codex-usage-broker" there. A mark of the old ledger may be there too: a new one is then taken for an older copy and refused, until you run `codex-broker restore --accept`.')] : []),
  ].join(' ');
}
