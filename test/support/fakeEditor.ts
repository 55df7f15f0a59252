// A stand-in for VS Code's API: it records what the extension shows and registers, and answers
// dialogs with what the test prepared. It imitates only the parts that the extension uses.
import type * as vscode from 'vscode';
import type { Editor, EditorContext, Log } from '../../src/extension/editorApi.ts';

type Listener = (value: never) => unknown;

/** A dialog, as it was shown. */
export interface Shown {
  readonly kind: 'info' | 'warning' | 'error' | 'input' | 'pick';
  readonly message: string;
  readonly modal: boolean;
  readonly detail?: string;
  readonly buttons: readonly string[];
  /** Answers a dialog that is held open. */
  readonly choose: (button?: string) => void;
}

/** What the editor was told to do, and what a test may change. */
export interface FakeEditor {
  readonly editor: Editor;
  readonly context: EditorContext;
  readonly log: Log;
  readonly logLines: string[];
  readonly shown: Shown[];
  /** Answers to dialogs, first come first served; absent: dismissed. */
  readonly answers: (string | undefined)[];
  /** While set, dialogs stand open until a test chooses; answers are not looked at. */
  holding: boolean;
  readonly commands: Map<string, (...values: unknown[]) => unknown>;
  readonly executed: { readonly command: string; readonly values: readonly unknown[] }[];
  readonly items: vscode.StatusBarItem[];
  /** How often any property of a status bar item was set. */
  writes: number;
  readonly panels: FakePanel[];
  readonly serializers: Map<string, vscode.WebviewPanelSerializer>;
  readonly viewProviders: Map<string, vscode.WebviewViewProvider>;
  /** Follows links from outside. */
  uriHandler: vscode.UriHandler | undefined;
  /** Called for a quick pick while it is open, with what tells that a row has the focus. */
  picking: (select: (label: string) => void) => void | Promise<void>;
  readonly treeProviders: Map<string, vscode.TreeDataProvider<unknown>>;
  readonly documents: FakeDocument[];
  /** The documents that are in view: every one that was shown, until a test turns away from it. */
  readonly visible: vscode.TextDocument[];
  /** Providers of read-only documents by scheme. */
  readonly providers: Map<string, vscode.TextDocumentContentProvider>;
  readonly terminals: vscode.TerminalOptions[];
  /** Kinds of terminals by id. */
  readonly terminalProfiles: Map<string, vscode.TerminalProfileProvider>;
  activeTerminal: vscode.Terminal | undefined;
  /** Files of the workspace by path: their text, or a size with which they are no text. */
  readonly files: Map<string, string | number>;
  /** The exports of other extensions by id. */
  readonly extensions: Map<string, unknown>;
  readonly progress: string[];
  /** Names of panels, channels and progress, and what stands around input boxes and in the rows of quick picks. */
  readonly titles: string[];
  readonly output: string[];
  /** Save dialogs that were shown, where the next ones lead (absent: dismissed), and what was written and copied. */
  readonly saveDialogs: { readonly path: string | undefined; readonly endings: readonly string[] }[];
  saveTo: string | undefined;
  readonly written: Map<string, Buffer>;
  writing: (path: string) => void;
  readonly copied: string[];
  readonly secrets: Map<string, string>;
  readonly workspaceState: Map<string, unknown>;
  readonly globalState: Map<string, unknown>;
  /** Values per setting: `user` counts as the person's own, `workspace` as what a repository says. */
  /** What terminals get: variable, kind of change, value. */
  readonly terminalVariables: Map<string, string>;
  readonly configuration: { readonly user: Record<string, unknown>; readonly workspace: Record<string, unknown> };
  trusted: boolean;
  focused: boolean;
  selection: { text: string; fileName: string; languageId: string } | undefined;
  /** An address of the file system. */
  uri(path: string): vscode.Uri;
  folder: string | undefined;
  /** Cancels the progress that runs now. */
  cancel(): void;
  fire(event: 'configuration' | 'theme' | 'folders' | 'focus' | 'trust'): void;
  /** A terminal tells of itself: a command that starts or ends in it, or its end. */
  terminalTells(event: 'starts' | 'ends' | 'closes', value: unknown): void;
  /** A tab was opened; the API names no kind of VS Code's own pages. */
  openTab(input?: unknown): void;
}

/** A webview panel with both ends of its message channel. */
export interface FakePanel {
  readonly panel: vscode.WebviewPanel;
  readonly sent: unknown[];
  readonly options: vscode.WebviewPanelOptions & vscode.WebviewOptions;
  /** Another tab comes before it, or it comes back. */
  turn(visible: boolean): void;
  /** The page says something. */
  say(message: unknown): void;
}

/** A read-only document, with the text that its provider gave last. */
export interface FakeDocument {
  text: string;
  closed: boolean;
  readonly path: string;
}

/** Makes a fake editor over two folders on the disk. */
export function fakeEditor(places: { readonly extensionDir: string; readonly storageDir: string; readonly folder?: string }): FakeEditor {
  const listeners: Record<string, Listener[]> = { configuration: [], theme: [], folders: [], focus: [], trust: [], tabs: [], starts: [], ends: [], closes: [] };
  let cancelNow: () => void = () => undefined;
  const uri = (path: string, scheme = 'file'): vscode.Uri => ({ scheme, path, fsPath: path, toString: () => `${scheme}://${path}` }) as unknown as vscode.Uri;
  const on = (name: string) => (listener: Listener) => {
    listeners[name]?.push(listener);
    return { dispose: () => undefined };
  };
  const logLines: string[] = [];
  const line = (level: string) => (text: string) => { logLines.push(`${level} ${text}`); };
  const log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error'), show: () => { logLines.push('shown'); }, dispose: () => undefined } as unknown as Log;
  const dialog = (kind: Shown['kind']) => async (message: string, ...rest: (string | vscode.MessageOptions)[]) => {
    const options = rest.find((each) => typeof each === 'object');
    let choose: Shown['choose'] = () => undefined;
    const held = new Promise<string | undefined>((resolve) => { choose = resolve; });
    fake.shown.push({ kind, message, modal: options?.modal === true, ...(options?.detail === undefined ? {} : { detail: options.detail }), buttons: rest.filter((each) => typeof each === 'string'), choose });
    return fake.holding ? held : fake.answers.shift();
  };

  const window = {
    createOutputChannel: (name: string, options?: unknown) => fake.titles.push(name) && (options ? log : { appendLine: (text: string) => { fake.output.push(text); }, clear: () => undefined, show: () => undefined, dispose: () => undefined }),
    createStatusBarItem: (id: string, alignment: number, priority: number) => {
      const item = { id, alignment, priority, show: () => undefined, hide: () => undefined, dispose: () => undefined } as unknown as vscode.StatusBarItem;
      fake.items.push(item);
      return new Proxy(item, { set: (target, name, value) => { fake.writes += 1; return Reflect.set(target, name, value); } });
    },
    showInformationMessage: dialog('info'), showWarningMessage: dialog('warning'), showErrorMessage: dialog('error'),
    showInputBox: (options: vscode.InputBoxOptions) => {
      fake.titles.push(options.title ?? '', options.placeHolder ?? '');
      return dialog('input')(options.prompt ?? '');
    },
    showQuickPick: async (items: readonly vscode.QuickPickItem[], options: vscode.QuickPickOptions) => {
      fake.titles.push(...items.map((item) => item.description ?? ''));
      await fake.picking((label) => { for (const item of items) if (item.label === label) options.onDidSelectItem?.(item); });
      const chosen = await dialog('pick')(options.title ?? '', { detail: `${options.placeHolder ?? ''}\n${items.map((item) => item.detail ?? '').join('\n')}` }, ...items.map((item) => item.label));
      return items.find((item) => item.label === chosen);
    },
    withProgress: async (options: vscode.ProgressOptions, work: (progress: unknown, token: unknown) => Promise<unknown>) => {
      fake.titles.push(options.title ?? '');
      const cancelled: (() => void)[] = [];
      // As VS Code's own token, it is cancelled once.
      const token = { isCancellationRequested: false, onCancellationRequested: (listener: () => void) => { cancelled.push(listener); return { dispose: () => undefined }; } };
      cancelNow = () => {
        token.isCancellationRequested = true;
        for (const each of cancelled.splice(0)) each();
      };
      return work({ report: (step: { message?: string }) => { fake.progress.push(step.message ?? ''); } }, token);
    },
    createTerminal: (options: vscode.TerminalOptions) => { fake.terminals.push(options); return { show: () => undefined }; },
    createWebviewPanel: (_type: string, title: string, _column: unknown, options: vscode.WebviewPanelOptions & vscode.WebviewOptions) => fake.titles.push(title) && fakePanel(fake.panels, options),
    registerWebviewPanelSerializer: (type: string, serializer: vscode.WebviewPanelSerializer) => { fake.serializers.set(type, serializer); return { dispose: () => undefined }; },
    registerTerminalProfileProvider: (id: string, provider: vscode.TerminalProfileProvider) => { fake.terminalProfiles.set(id, provider); return { dispose: () => undefined }; },
    onDidStartTerminalShellExecution: on('starts'), onDidEndTerminalShellExecution: on('ends'), onDidCloseTerminal: on('closes'),
    get activeTerminal() { return fake.activeTerminal; },
    registerUriHandler: (handler: vscode.UriHandler) => { fake.uriHandler = handler; return { dispose: () => undefined }; },
    registerWebviewViewProvider: (id: string, provider: vscode.WebviewViewProvider) => { fake.viewProviders.set(id, provider); return { dispose: () => undefined }; },
    registerTreeDataProvider: (id: string, provider: vscode.TreeDataProvider<unknown>) => { fake.treeProviders.set(id, provider); return { dispose: () => undefined }; },
    showTextDocument: async (document: vscode.TextDocument) => { fake.visible.push(document); },
    get visibleTextEditors() { return fake.visible.map((document) => ({ document })); },
    tabGroups: { onDidChangeTabs: on('tabs') },
    showSaveDialog: async (options: vscode.SaveDialogOptions) => {
      fake.saveDialogs.push({ path: options.defaultUri?.fsPath, endings: Object.values(options.filters ?? {}).flat() });
      return fake.saveTo === undefined ? undefined : uri(fake.saveTo);
    },
    onDidChangeActiveColorTheme: on('theme'), onDidChangeWindowState: on('focus'),
    get activeColorTheme() { return { kind: 2 }; },
    get state() { return { focused: fake.focused, active: fake.focused }; },
    get activeTextEditor() {
      const { selection } = fake;
      return selection && { selection: { isEmpty: selection.text === '' }, document: { getText: () => selection.text, fileName: selection.fileName, languageId: selection.languageId, uri: uri(selection.fileName) } };
    },
  };

  const workspace = {
    get isTrusted() { return fake.trusted; },
    get workspaceFolders() { return fake.folder === undefined ? undefined : [{ uri: uri(fake.folder), name: 'folder', index: 0 }]; },
    get name() { return fake.folder?.split('/').at(-1); },
    asRelativePath: ({ path }: vscode.Uri) => path.replace(`${fake.folder}/`, ''),
    fs: {
      stat: async ({ path }: vscode.Uri) => {
        const file = fake.files.get(path);
        if (file === undefined) throw new Error('no such file');
        return { size: typeof file === 'number' ? file : Buffer.byteLength(file) };
      },
      writeFile: async (at: vscode.Uri, bytes: Uint8Array) => {
        fake.writing(at.fsPath);
        fake.written.set(at.fsPath, Buffer.from(bytes));
      },
    },
    getConfiguration: (section: string) => ({
      get: (name: string) => fake.configuration.workspace[`${section}.${name}`] ?? fake.configuration.user[`${section}.${name}`],
      update: async (name: string, value: unknown, isOfUser: boolean) => {
        (isOfUser ? fake.configuration.user : fake.configuration.workspace)[`${section}.${name}`] = value;
        fake.fire('configuration');
      },
      inspect: (name: string) => ({ key: name, globalValue: fake.configuration.user[`${section}.${name}`], workspaceValue: fake.configuration.workspace[`${section}.${name}`] }),
    }),
    openTextDocument: async (at: vscode.Uri) => {
      if (at.scheme === 'file') {
        const text = fake.files.get(at.path);
        if (typeof text !== 'string') throw new Error('no text');
        return { uri: at, languageId: at.path.split('.').at(-1), getText: () => text };
      }
      const provider = fake.providers.get(at.scheme);
      const read = async () => (await provider?.provideTextDocumentContent(at, undefined as never)) ?? '';
      const document: FakeDocument = { text: await read(), closed: false, path: at.path };
      provider?.onDidChange?.(async (changed) => { if (changed.query === at.query) document.text = await read(); });
      fake.documents.push(document);
      return { uri: at, get isClosed() { return document.closed; } };
    },
    registerTextDocumentContentProvider: (scheme: string, provider: vscode.TextDocumentContentProvider) => { fake.providers.set(scheme, provider); return { dispose: () => undefined }; },
    onDidChangeConfiguration: on('configuration'), onDidChangeWorkspaceFolders: on('folders'), onDidGrantWorkspaceTrust: on('trust'),
  };

  const fake: FakeEditor = {
    editor: {
      window, workspace, l10n: { bundle: undefined }, env: { language: 'en', clipboard: { writeText: async (text: string) => { fake.copied.push(text); } } },
      commands: {
        registerCommand: (id: string, run: (...values: unknown[]) => unknown) => { fake.commands.set(id, run); return { dispose: () => undefined }; },
        executeCommand: async (command: string, ...values: unknown[]) => {
          fake.executed.push({ command, values });
          return fake.commands.get(command)?.(...values);
        },
      },
      extensions: { getExtension: (id: string) => fake.extensions.has(id) ? { isActive: false, activate: async () => fake.extensions.get(id) } : undefined },
      Uri: { joinPath: (base: vscode.Uri, ...path: string[]) => uri([base.fsPath, ...path].join('/')), from: ({ scheme, path, query }: { scheme: string; path: string; query?: string }) => Object.assign(uri(path, scheme), { query }) },
      languages: { registerCodeLensProvider: () => ({ dispose: () => undefined }) },
      CodeLens: class { readonly range: unknown; readonly command: unknown; constructor(range: unknown, command: unknown) { this.range = range; this.command = command; } },
      Range: class { readonly start: unknown; constructor(line: number, character: number) { this.start = { line, character }; } },
      MarkdownString: class { value: string; supportThemeIcons: boolean; isTrusted: unknown; constructor(value: string, icons: boolean) { this.value = value; this.supportThemeIcons = icons; } },
      ThemeColor: class { readonly id: string; constructor(id: string) { this.id = id; } },
      ThemeIcon: class { readonly id: string; constructor(id: string) { this.id = id; } },
      ProgressLocation: { Notification: 15 }, StatusBarAlignment: { Left: 1, Right: 2 }, ViewColumn: { Active: -1, Beside: -2 },
    } as unknown as Editor,
    context: undefined as unknown as EditorContext,
    log, logLines, shown: [], answers: [], holding: false, uriHandler: undefined, picking: () => undefined, commands: new Map(), executed: [], items: [], writes: 0, panels: [], serializers: new Map(), viewProviders: new Map(), treeProviders: new Map(), documents: [], visible: [], providers: new Map(),
    terminals: [], terminalProfiles: new Map(), activeTerminal: undefined, files: new Map(), extensions: new Map(), uri, progress: [], output: [], titles: [], saveDialogs: [], saveTo: undefined, written: new Map(), writing: () => undefined, copied: [], secrets: new Map(), workspaceState: new Map(), globalState: new Map(), terminalVariables: new Map(), configuration: { user: {}, workspace: {} },
    trusted: true, focused: true, selection: undefined, folder: places.folder,
    cancel: () => cancelNow(),
    terminalTells: (event, value) => { for (const listener of listeners[event] ?? []) listener(value as never); },
    openTab: (input) => { for (const listener of listeners['tabs'] ?? []) listener({ opened: [{ input }], closed: [], changed: [] } as never); },
    fire: (event) => { for (const listener of listeners[event] ?? []) listener({ affectsConfiguration: () => true } as never); },
  };
  return Object.assign(fake, { context: fakeContext(fake, places, uri) });
}

function fakeContext(fake: FakeEditor, places: { readonly extensionDir: string; readonly storageDir: string }, uri: (path: string) => vscode.Uri): EditorContext {
  return {
    subscriptions: [], extensionUri: uri(places.extensionDir), globalStorageUri: uri(places.storageDir),
    extension: { id: 'codex-usage-broker.codex-usage-broker', packageJSON: { version: '1.2.3' } },
    environmentVariableCollection: {
      description: undefined, clear: () => fake.terminalVariables.clear(),
      prepend: (name: string, value: string) => { fake.terminalVariables.set(name, `prepend ${value}`); }, replace: (name: string, value: string) => { fake.terminalVariables.set(name, `replace ${value}`); },
    },
    workspaceState: fakeMemory(fake.workspaceState), globalState: fakeMemory(fake.globalState),
    secrets: {
      get: async (name: string) => fake.secrets.get(name),
      store: async (name: string, value: string) => { fake.secrets.set(name, value); },
      delete: async (name: string) => { fake.secrets.delete(name); },
    },
  } as unknown as EditorContext;
}

/** A memento over a map. */
export function fakeMemory(values: Map<string, unknown>): vscode.Memento {
  return { get: (name: string) => values.get(name), update: async (name: string, value: unknown) => { values.set(name, value); }, keys: () => [...values.keys()] } as vscode.Memento;
}

/** A panel of its own; pushed onto `panels`. */
export function fakePanel(panels: FakePanel[], options: vscode.WebviewPanelOptions & vscode.WebviewOptions = {}): vscode.WebviewPanel {
  const heard: ((message: unknown) => void)[] = [];
  const closed: (() => void)[] = [];
  const turned: (() => void)[] = [];
  const sent: unknown[] = [];
  const panel = {
    visible: true, reveal: () => undefined, onDidChangeViewState: (listener: () => void) => { turned.push(listener); return { dispose: () => undefined }; },
    onDidDispose: (listener: () => void) => { closed.push(listener); return { dispose: () => undefined }; },
    dispose: () => { for (const listener of closed) listener(); },
    webview: {
      html: '', options: {}, cspSource: 'https://page.example',
      asWebviewUri: (address: vscode.Uri) => `https://page.example${address.fsPath}`,
      postMessage: async (message: unknown) => { sent.push(structuredClone(message)); return true; },
      onDidReceiveMessage: (listener: (message: unknown) => void) => { heard.push(listener); return { dispose: () => undefined }; },
    },
  } as unknown as vscode.WebviewPanel;
  panels.push({ panel, sent, options, turn: (visible) => { Object.assign(panel, { visible }); for (const listener of turned) listener(); }, say: (message) => { for (const listener of heard) listener(message); } });
  return panel;
}
