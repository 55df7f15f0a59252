// Puts the extension together: the link to the broker, the surfaces that are painted from it, and
// the commands. It starts nothing that takes time; the broker is sought after activation.
import { homedir, hostname } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { defaultDataFolder } from '../protocol/dataFolder.ts';
import { windowQuestions } from '../protocol/windowQuestions.ts';
import { handOverKey, removeApiKey, setApiKey } from './apiKey.ts';
import { ensureBrokerCopy } from './brokerCopy.ts';
import { backgroundWork } from './backgroundWork.ts';
import { BrokerLink } from './brokerLink.ts';
import { showBrokerLog } from './brokerLogTail.ts';
import { reachBroker } from './brokerProcess.ts';
import { BrokerNews } from './brokerNews.ts';
import { startBroker, type BrokerSeat } from './brokerStart.ts';
import { brokerSurroundings, proxySection } from './brokerSurroundings.ts';
import { findCodex } from './codexProgram.ts';
import { writeShims } from './codexShim.ts';
import { commandNames, type CommandName } from './commandNames.ts';
import { composeAsking } from './composeAsking.ts';
import { composePrivacy } from './composePrivacy.ts';
import { composeTasks } from './composeTasks.ts';
import { ConsentQuestions } from './consentQuestions.ts';
import { dashboardAction } from './dashboardActions.ts';
import { pricesSeenMemory } from './dashboardChanges.ts';
import { DashboardPanel, namedPart, panelType } from './dashboardPanel.ts';
import { DashboardQuestions } from './dashboardQuestions.ts';
import { Diagnosis } from './diagnosis.ts';
import type { Editor, EditorContext } from './editorApi.ts';
import { allowPurchased, asksAside, passGate } from './gateDialog.ts';
import type { OpenLive } from './liveSocket.ts';
import type { LoopbackRequest } from './loopbackHttp.ts';
import { meteredProfile, meteredProfileId, openMeteredTerminal } from './meteredTerminal.ts';
import { MeterStyles } from './meterStyles.ts';
import { windowNotices } from './notices.ts';
import { OutsideLinks } from './outsideLinks.ts';
import { practiceMemory, practiceWanted, welcomePractice } from './practiceMode.ts';
import { showFailure } from './problemNotice.ts';
import { paced, type Schedule } from './schedule.ts';
import { remoteHost } from './remoteHost.ts';
import { restartBroker } from './restartBroker.ts';
import { importSessions } from './importSessions.ts';
import { routeCodex, routeScheme, RouteTexts, undoRoute } from './routeCodex.ts';
import { routeProgram } from './routeProgram.ts';
import { readSettings, settingsSection, switchLeftUsed } from './settings.ts';
import { SidebarView, sidebarViewId, type SidebarParts } from './sidebarView.ts';
import { faceOf, StatusMeter } from './statusMeter.ts';
import { TerminalShim } from './terminalShim.ts';
import { UndoableTopUps } from './undoableTopUps.ts';
import { Walkthrough } from './walkthrough.ts';
import { WindowContextKeys } from './windowContext.ts';
import { WindowWorkspace } from './windowWorkspace.ts';
import { forgetIfWiped, wipedMemory } from './wipeMemory.ts';

/** Shortest time between two paintings of the pages; what a person asked for is painted at once. */
const pagesEveryMs = 200;

/** The world outside the editor, passed in. */
export interface World {
  readonly schedule: Schedule;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  /** The editor's own executable. */
  readonly execPath: string;
  readonly request: LoopbackRequest;
  readonly openLive: OpenLive;
  /** What the local clock is ahead of UTC at a moment. */
  utcOffsetMs(atMs: number): number;
  /** Fresh random text, at least 128 bits, in characters that fit a file name and an address. */
  newToken(): string;
}

/** A running extension; `stop` ends what it started and leaves the broker to its other clients. */
export interface RunningExtension {
  stop(): void;
}

/** Builds the extension. Returns at once; the broker is reached in the background. */
export function composeExtension(editor: Editor, context: EditorContext, world: World): RunningExtension {
  const { schedule } = world;
  const log = editor.window.createOutputChannel('Codex Broker', { log: true });
  const guarded = backgroundWork(log);
  const stopping = new AbortController();
  const storageDir = context.globalStorageUri.fsPath;
  const binDir = join(storageDir, 'bin');
  const settings = () => readSettings(editor.workspace);
  const version = String((context.extension.packageJSON as { readonly version?: unknown }).version ?? '0.0.0');

  const dataDirOf = () => {
    const chosen = settings().dataDir;
    return isAbsolute(chosen) ? chosen : defaultDataFolder({ platform: world.platform, home: homedir(), env: world.env });
  };
  const practising = () => practiceWanted(context.workspaceState, settings().practice);
  const seat = (): BrokerSeat => (practising() ? { dataDir: join(dataDirOf(), 'practice'), practice: true } : { dataDir: dataDirOf(), practice: false });

  const brokerFolder = () => ensureBrokerCopy({ distDir: join(context.extensionUri.fsPath, 'dist'), storageDir, version, newName: world.newToken });
  const surroundings = ({ practice: isPractice }: BrokerSeat) => brokerSurroundings(editor.workspace, settings(), world.env, isPractice);
  const reachParts = {
    request: world.request, schedule, newNonce: world.newToken,
    start: (which: BrokerSeat) => startBroker({ brokerFolder, execPath: world.execPath, surroundings }, which),
  };
  const link: BrokerLink = new BrokerLink({
    schedule, open: world.openLive, wipedAtMs: () => context.globalState.get(wipedMemory), changed: () => changed(), note: (line) => log.info(line),
    reach: (which, beforeStart, signal) => reachBroker(reachParts, which, beforeStart, signal),
  });
  const workspace = new WindowWorkspace(editor.workspace, storageDir, link.call);
  const taste = () => ({ show: settings().show, unit: settings().unit, content: settings().content, locale: editor.env.language });
  const seen = () => ({ link: link.state, ...(link.snapshot ? { snapshot: link.snapshot } : {}), ...(workspace.id === undefined ? {} : { workspaceId: workspace.id }) });
  const facts = () => ({ ...seen(), taste: taste() });
  const connected = () => link.state.state === 'connected';
  const practice = () => (link.snapshot ? link.snapshot.broker.mode === 'practice' : practising());
  const gateParts = (planMayPay = false) => ({
    planMayPay,
    editor, memory: context.workspaceState,
    facts: () => ({ trusted: editor.workspace.isTrusted, connected: connected(), ...(link.snapshot ? { snapshot: link.snapshot } : {}), ...(workspace.id === undefined ? {} : { workspaceId: workspace.id }) }),
    allowWorkspace: async () => link.call('consent', { scope: 'workspace', workspaceId: (await workspace.token()).workspaceId }),
  });
  const gate = (planMayPay = false) => passGate(gateParts(planMayPay));

  const shared = { editor, log, schedule, call: link.call, workspace, practice, passGate: gate, env: world.env, platform: world.platform };
  const tasks = composeTasks({
    ...shared, memory: context.workspaceState, settings, stopping: stopping.signal, isConnected: connected, snapshot: () => liveSnapshot(), changed: () => paint(),
    findProgram: () => findCodex({ platform: world.platform, env: world.env, codexPath: settings().codexPath, shimDir: binDir, execPath: world.execPath }),
  });
  const asking = composeAsking({ ...shared, request: world.request, subscriptions: context.subscriptions, model: () => settings().askModel, changed: () => paint() });
  const host = remoteHost(editor.env.remoteName, hostname());
  const styles: MeterStyles = new MeterStyles({ editor, facts: () => ({ ...facts(), waitingTasks: tasks.waiting.list(), ...(host === undefined ? {} : { host }) }), changed: () => meter.changed() });
  const meter = new StatusMeter(editor, schedule, () => styles.facts(), () => styles.look());
  const seeNotices = windowNotices(editor, context.globalState);
  const liveSnapshot = () => (connected() ? link.snapshot : undefined);
  const questions = new ConsentQuestions({ editor, log, call: link.call, snapshot: liveSnapshot, workspaceId: () => workspace.id });
  const topUps = new UndoableTopUps(() => schedule.nowMs());
  const dashboardQuestions = new DashboardQuestions({ call: link.call, nowMs: () => schedule.nowMs(), utcOffsetMs: world.utcOffsetMs, ledger: () => `${link.snapshot?.broker.dataDir ?? ''} ${String(context.globalState.get(wipedMemory))}` });
  /** A page with numbers was shown. */
  let sawNumbers = false;
  const page: SidebarParts = {
    editor, extensionUri: context.extensionUri, log, newNonce: world.newToken,
    questions: () => windowQuestions(liveSnapshot()?.questions ?? [], workspace.id).length,
    state: () => {
      // Only a page that is shown is painted.
      sawNumbers ||= connected();
      const { show, locale } = taste();
      const undo = topUps.newest();
      const pricesSeenAtMs = context.globalState.get<unknown>(pricesSeenMemory);
      return {
        type: 'state', ...seen(), meter: faceOf(facts(), schedule.nowMs()), workspaceLabel: workspace.label, show, locale, ...(host === undefined ? {} : { host }),
        ...(undo ? { undo } : {}), ...(typeof pricesSeenAtMs === 'number' ? { pricesSeenAtMs } : {}),
      };
    },
    handle: (message) => dashboardAction({ editor, log, call: link.call, workspace, practice, topUps, questions: dashboardQuestions, memory: context.globalState, snapshot: liveSnapshot }, message),
  };
  const panel = new DashboardPanel(page);
  const links = new OutsideLinks({ editor, schedule, isConnected: connected, showPage: (which) => panel.show(which === 'budgets' ? which : undefined), explain: async (requestId) => panel.show({ requestId }) });
  const sidebar = new SidebarView(page);
  const contextKeys = new WindowContextKeys(editor.commands);
  const walkthrough = new Walkthrough({ editor, extensionId: context.extension.id, memory: context.globalState, context: () => contextKeys.now });
  const paintPages = paced(schedule, pagesEveryMs, () => [panel, sidebar].forEach((one) => one.changed()));
  /** Paints every surface from the newest facts. */
  const paint = () => {
    meter.changed();
    paintPages();
    contextKeys.see({ link: link.state, ...(link.snapshot ? { snapshot: link.snapshot } : {}), practice: practising(), hasFolder: workspace.folder !== undefined, sawNumbers, hasFailedCommand: asking.hasFailedCommand() });
  };

  let wasConnected = false;
  const changed = () => {
    paint();
    notify();
    questions.see();
    void guarded('Looking after tasks that wait', () => tasks.see());
    void guarded('Following a link', () => links.see());
    const isConnected = connected();
    if (isConnected && !wasConnected) void guarded('Greeting the broker', greet);
    if (!isConnected) workspace.forgetToken();
    wasConnected = isConnected;
  };
  const notify = () => {
    for (const told of seeNotices(link.snapshot, editor.env.language, settings().notices, settings().show)) void guarded('Showing a notice', () => told);
  };
  /** What is this workspace's own shows on every surface as soon as it is known which one that is. */
  const learnWorkspace = async () => {
    await workspace.token();
    paint();
    questions.see();
  };
  /** After each connection: learn who we are, hand the key over, fill a new practice ledger. */
  const greet = async () => {
    if (await forgetIfWiped(context)) reseat();
    await learnWorkspace();
    await handOverKey({ secrets: context.secrets, call: link.call, log, snapshot: () => link.snapshot });
    await welcomePractice(link.call, link.snapshot);
  };
  const brokerScript = async () => join(await brokerFolder(), 'broker.mjs');
  const prepareShims = async () => {
    await writeShims({ binDir, execPath: world.execPath, brokerScript: await brokerScript(), dataDir: seat().dataDir, codexPath: settings().codexPath }, world.platform, world.newToken);
    return binDir;
  };
  const terminalShim = new TerminalShim({
    collection: context.environmentVariableCollection, wanted: () => settings().routeTerminals && editor.workspace.isTrusted,
    dataDir: () => seat().dataDir, workspacePath: () => workspace.path, prepareShims,
  });
  const shimTerminals = () => void guarded('Leading codex in terminals through the broker', () => terminalShim.apply());
  let current = '';
  let cancelStart = () => undefined as void;
  const restart = () => {
    cancelStart();
    const wanted = seat();
    current = JSON.stringify(wanted);
    workspace.forget();
    link.start(wanted);
    shimTerminals();
  };
  const practise = async (wanted: boolean) => {
    await context.workspaceState.update(practiceMemory, wanted);
    restart();
  };

  const terminals = { ...shared, passGate: () => gate(true), asksAside: () => asksAside(gateParts(true)), isConnecting: () => editor.workspace.isTrusted && link.state.state === 'connecting', dataDir: () => seat().dataDir, prepareShims };
  const keyParts = { editor, secrets: context.secrets, call: link.call, log, snapshot: () => link.snapshot, connected };
  const routing = { editor, texts: new RouteTexts(), program: routeProgram({ execPath: world.execPath, env: world.env, brokerScript, seat, workspacePath: () => workspace.path }) };
  const privacy = composePrivacy({ ...world, editor, context, call: link.call, settings, brokerScript, seat, binDir, dataDir: dataDirOf, nowMs: schedule.nowMs, waitingTasks: () => tasks.waiting.list().length, leave: () => link.leave(), begin: restart });
  const diagnosis = new Diagnosis({ editor, execPath: world.execPath, brokerScript, seat, settings, environment: (which) => surroundings(which).env });
  const run: Record<CommandName, (...values: readonly unknown[]) => unknown> = {
    openDashboard: () => panel.show(),
    topUp: () => panel.show('topUp'),
    answerQuestion: () => questions.askAgain(),
    showBudgets: (id) => panel.show(namedPart('budgetId', id) ?? 'budgets'),
    allowPurchased: () => allowPurchased(gateParts()),
    setApiKey: () => setApiKey(keyParts),
    removeApiKey: () => removeApiKey(keyParts),
    ...asking.commands,
    runTask: () => tasks.run(),
    showWaitingTasks: () => tasks.showWaiting(),
    openMeteredTerminal: () => openMeteredTerminal(terminals),
    routeCodex: () => routeCodex(routing),
    undoRoute: () => undoRoute(routing),
    ...privacy,
    importSessions: () => importSessions({ editor, execPath: world.execPath, env: world.env, brokerScript, seat }),
    startPracticeMode: () => practise(true),
    leavePracticeMode: () => practise(false),
    showLog: () => showBrokerLog(log, seat().dataDir),
    diagnose: () => diagnosis.show(),
    startBroker: restart,
    restartBroker: () => restartBroker({ editor, schedule, link, start: restart }),
    explainRequest: (id) => panel.show(namedPart('requestId', id)),
    getStarted: () => walkthrough.open(),
    switchLeftUsed: () => switchLeftUsed(editor.workspace),
    chooseMeterStyle: () => styles.choose(),
    openSettings: (which) => editor.commands.executeCommand('workbench.action.openSettings', which === 'models' ? `@id:${settingsSection}.taskModel,${settingsSection}.askModel` : `@ext:${context.extension.id}`),
  };
  const registered = (Object.keys(run) as CommandName[]).map((name) => editor.commands.registerCommand(commandNames[name], async (...values: readonly unknown[]) => {
    try {
      await run[name](...values);
    } catch (error) {
      await showFailure(editor, log, 'The command', error);
    }
  }));

  const news = new BrokerNews({ editor, surroundings: () => (seat().practice ? undefined : surroundings(seat())), snapshot: liveSnapshot, restart: (toldOf) => restartBroker({ editor, schedule, link, start: restart }, toldOf).catch((error: unknown) => showFailure(editor, log, 'The command', error)) });
  const reseat = () => {
    if (JSON.stringify(seat()) !== current) restart();
    else shimTerminals();
    paint();
  };
  context.subscriptions.push(
    log, meter, panel, tasks, diagnosis, walkthrough, ...registered,
    editor.window.registerUriHandler(links),
    editor.window.registerTerminalProfileProvider(meteredProfileId, meteredProfile(terminals)),
    editor.window.registerWebviewViewProvider(sidebarViewId, sidebar),
    // The welcome has no rows: what it says stands in the manifest.
    editor.window.registerTreeDataProvider<never>('codexBroker.welcome', { getChildren: () => [], getTreeItem: (row) => row }),
    editor.window.registerWebviewPanelSerializer(panelType, { deserializeWebviewPanel: async (restored) => panel.restore(restored) }),
    editor.workspace.registerTextDocumentContentProvider(routeScheme, routing.texts),
    editor.workspace.onDidGrantWorkspaceTrust(shimTerminals),
    editor.window.onDidChangeActiveColorTheme(() => meter.changed()),
    // A question of a workspace that no window has open is asked where the person is, and what was crossed meanwhile is told there.
    editor.window.onDidChangeWindowState(() => {
      questions.see();
      notify();
    }),
    editor.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(settingsSection)) reseat();
      if (event.affectsConfiguration(settingsSection) || event.affectsConfiguration(proxySection)) void guarded('Restarting the broker', () => news.look());
    }),
    editor.workspace.onDidChangeWorkspaceFolders(() => {
      workspace.forget();
      shimTerminals();
      paint();
      if (connected()) void guarded('Learning the workspace', learnWorkspace);
    }),
  );
  cancelStart = schedule.after(0, restart);
  return {
    stop: () => {
      cancelStart();
      stopping.abort();
      link.stop();
    },
  };
}
