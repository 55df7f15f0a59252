// Says once that credits were added by themselves: quietly, in the window that has the focus. What was told is kept for
// each data folder, so that neither a reload nor another window repeats it.
import type * as vscode from 'vscode';
import { formatCredits } from '../domain/units.ts';
import { t } from '../protocol/language.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { commandNames } from './commandNames.ts';
import { inMode, noticeButtons, type NoticeEditor } from './limitNotices.ts';
import { silenceNotices } from './settings.ts';

/** Name under which the time of the newest addition that was told is kept, by data folder. */
export const topUpsToldMemory = 'topUpsTold';

/** Data folders that are remembered; those that were told of longest ago go first. */
const foldersMax = 20;

/** Watches the additions and speaks of them. */
export class TopUpNotices {
  readonly #editor: NoticeEditor;
  readonly #memory: Pick<vscode.Memento, 'get' | 'update'>;

  constructor(editor: NoticeEditor, memory: Pick<vscode.Memento, 'get' | 'update'>) {
    this.#editor = editor;
    this.#memory = memory;
  }

  /** Takes the newest snapshot. */
  async see(snapshot: Snapshot | undefined, locale: string, wanted: boolean): Promise<void> {
    if (!snapshot) return;
    const { autoTopUp: rule, balance, broker } = snapshot;
    const additions = balance.grants.filter((grant) => grant.source === 'auto');
    const newestAtMs = Math.max(0, ...additions.map((grant) => grant.createdAtMs));
    const told = this.#memory.get<Readonly<Record<string, number>>>(topUpsToldMemory) ?? {};
    const before = told[broker.dataDir];
    if (before !== undefined && newestAtMs <= before) return;
    const isSaid = before !== undefined && rule !== undefined && wanted;
    // Who looks elsewhere is told when they are back.
    if (isSaid && !this.#editor.window.state.focused) return;
    const { [broker.dataDir]: _before, ...others } = told;
    await this.#memory.update(topUpsToldMemory, Object.fromEntries([...Object.entries(others), [broker.dataDir, newestAtMs]].slice(-foldersMax)));
    if (!isSaid) return;
    const added = additions.filter((grant) => grant.createdAtMs > before).reduce((sum, grant) => sum + grant.amountMicroCredits, 0);
    const [now, month, cap] = [added, rule.addedMicroCredits, rule.capMicroCredits].map((one) => formatCredits(one, 2, locale));
    const buttons = noticeButtons();
    const chosen = await this.#editor.window.showInformationMessage(inMode(snapshot, t('{0} credits were added automatically; {1} of at most {2} this month.', now ?? '', month ?? '', cap ?? '')), buttons.dashboard, buttons.silence);
    if (chosen === buttons.dashboard) await this.#editor.commands.executeCommand(commandNames.openDashboard);
    if (chosen === buttons.silence) await silenceNotices(this.#editor.workspace);
  }
}
