// Which workspace this window stands for, and its token at the connected broker. The identity is a
// folder's path; a window without a folder has a place of its own in the extension's storage.
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { TokenResult } from '../protocol/control.ts';
import { noFolderLabel, workspaceWords } from '../protocol/workspaceWords.ts';
import type { Editor } from './editorApi.ts';
import type { BrokerCall } from './liveSocket.ts';

/** The window's workspace. The token is kept for as long as one broker stays connected. */
export class WindowWorkspace {
  readonly #workspace: Pick<Editor['workspace'], 'workspaceFolders' | 'name'>;
  readonly #fallbackDir: string;
  readonly #call: BrokerCall;
  #token: Promise<TokenResult> | undefined;
  #id: string | undefined;

  constructor(workspace: Pick<Editor['workspace'], 'workspaceFolders' | 'name'>, storageDir: string, call: BrokerCall) {
    this.#workspace = workspace;
    this.#fallbackDir = join(storageDir, 'no-folder');
    this.#call = call;
  }

  /** Id of the workspace at the broker; absent until it was learned. */
  get id(): string | undefined {
    return this.#id;
  }

  /** The first local folder of the window; absent when none is open. */
  get folder(): string | undefined {
    return this.#workspace.workspaceFolders?.find((folder) => folder.uri.scheme === 'file')?.uri.fsPath;
  }

  /** The path that identifies the workspace. */
  get path(): string {
    return this.folder ?? this.#fallbackDir;
  }

  /** Name for people, at most 200 characters. */
  get label(): string {
    return workspaceWords(this.#storedLabel);
  }

  /** The name as the broker keeps it, the same for windows of every language. */
  get #storedLabel(): string {
    return (this.folder === undefined ? noFolderLabel : this.#workspace.name ?? basename(this.folder)).slice(0, 200);
  }

  /** The workspace's token and addresses. @throws ProblemError when the broker cannot give them. */
  token(): Promise<TokenResult> {
    this.#token ??= this.#begin();
    return this.#token;
  }

  /** Forgets the token, which belongs to one connection; the id stays what it is. */
  forgetToken(): void {
    this.#token = undefined;
  }

  /** Forgets token and id: the data folder or the window's folders changed, or the token was refused. */
  forget(): void {
    this.#token = undefined;
    this.#id = undefined;
  }

  /** What was asked for before the window moved on, to another folder or broker, tells nothing of it any more. */
  #begin(): Promise<TokenResult> {
    const asked = this.#fetch();
    asked.then(
      ({ workspaceId }) => { if (this.#token === asked) this.#id = workspaceId; },
      () => { if (this.#token === asked) this.#token = undefined; },
    );
    return asked;
  }

  async #fetch(): Promise<TokenResult> {
    if (this.folder === undefined) await mkdir(this.#fallbackDir, { recursive: true });
    return this.#call('token', { workspacePath: this.path, label: this.#storedLabel });
  }
}
