// The OpenAI API key on the editor's side: asking for it, keeping it in VS Code's secret storage,
// and handing it to the broker over the proven connection. It is never logged or shown.
import type * as vscode from 'vscode';
import { ProblemError } from '../domain/problem.ts';
import { t } from '../protocol/language.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import { commandNames } from './commandNames.ts';
import type { Editor, Log } from './editorApi.ts';
import type { BrokerCall } from './liveSocket.ts';
import { showFailure } from './problemNotice.ts';

/** What the key commands need from outside. */
export interface KeyParts {
  readonly editor: Pick<Editor, 'window' | 'commands'>;
  readonly secrets: Pick<vscode.SecretStorage, 'get' | 'store' | 'delete'>;
  readonly call: BrokerCall;
  readonly log: Log;
  snapshot(): Snapshot | undefined;
  connected(): boolean;
}

/** Name of the key in VS Code's secret storage. */
export const secretName = 'openAiApiKey';
const keyCharactersMax = 500;

/** Why a text cannot be a key, as a sentence; undefined when it can. */
export function keyComplaint(text: string): string | undefined {
  const key = text.trim();
  if (key === '') return t('Paste the key, or press Escape to leave everything as it is.');
  if (!key.startsWith('sk-')) return t('An OpenAI API key begins with "sk-".');
  if (!/^[\x21-\x7e]+$/.test(key)) return t('A key has no spaces or special letters inside; copy it again.');
  if (key.length < 20 || key.length > keyCharactersMax) return t('That is not the length of a key; copy it again.');
  return undefined;
}

/** Asks for the key and stores it. */
export async function setApiKey(parts: KeyParts): Promise<void> {
  const { window } = parts.editor;
  if (parts.snapshot()?.broker.mode === 'practice') {
    const chosen = await window.showInformationMessage(t('Practice mode needs no key. Leave practice mode to store one.'), t('Leave Practice Mode'));
    if (chosen) await parts.editor.commands.executeCommand(commandNames.leavePracticeMode);
    return;
  }
  const typed = await window.showInputBox({
    title: t('OpenAI API Key'), password: true, ignoreFocusOut: true, placeHolder: 'sk-…',
    prompt: t('The broker pays requests with it. It goes to VS Code\'s secret storage and the system keychain, nowhere else.'),
    validateInput: (text) => (text === '' ? undefined : keyComplaint(text)),
  });
  if (typed === undefined || typed.trim() === '') return;
  const complaint = keyComplaint(typed);
  if (complaint !== undefined) {
    await window.showErrorMessage(complaint);
    return;
  }
  const apiKey = typed.trim();
  try {
    await parts.secrets.store(secretName, apiKey);
    if (!parts.connected()) {
      await window.showInformationMessage(t('The key is stored. The broker gets it when it is connected.'));
      return;
    }
    const { stored, notice } = await parts.call('setApiKey', { apiKey });
    parts.log.info(`The API key was handed to the broker; the system keychain ${stored ? 'keeps it' : `does not keep it${notice ? `: ${notice}` : ''}`}.`);
    await window.showInformationMessage(stored
      ? t('The key is stored in the system keychain. The broker uses it now.')
      : t('The broker uses the key now. No system keychain is available, so VS Code\'s secret storage keeps it.'));
  } catch (error) {
    await showFailure(parts.editor, parts.log, 'Storing the API key', error);
  }
}

/** Removes the key from the secret storage, the broker and the keychain, after asking. */
export async function removeApiKey(parts: KeyParts): Promise<void> {
  const { window } = parts.editor;
  const remove = t('Remove');
  const chosen = await window.showWarningMessage(t('Remove the OpenAI API key from this computer?'), { modal: true, detail: t('Requests that need it are refused until a key is stored again. The key stays valid at OpenAI.') }, remove);
  if (chosen !== remove) return;
  try {
    await parts.secrets.delete(secretName);
    if (parts.connected()) await parts.call('forgetApiKey', {});
    parts.log.info('The API key was removed.');
    await window.showInformationMessage(parts.connected()
      ? t('The key was removed.')
      : t('The key was removed from VS Code. The broker is not connected; remove it again when it runs, if the system keychain holds it.'));
  } catch (error) {
    await showFailure(parts.editor, parts.log, 'Removing the API key', error);
  }
}

/** Hands the kept key to a live broker that has none, without asking. Called after each connection. */
export async function handOverKey(parts: Pick<KeyParts, 'secrets' | 'call' | 'log' | 'snapshot'>): Promise<boolean> {
  const snapshot = parts.snapshot();
  if (snapshot?.broker.mode !== 'live' || snapshot.key.state !== 'missing') return false;
  const apiKey = await parts.secrets.get(secretName);
  if (apiKey === undefined) return false;
  try {
    await parts.call('setApiKey', { apiKey });
    parts.log.info('The key from VS Code\'s secret storage was handed to the broker.');
    return true;
  } catch (error) {
    parts.log.warn(`The kept key could not be handed to the broker: ${error instanceof ProblemError ? error.problem.message : 'unexpected failure'}`);
    return false;
  }
}
