// The ids of the extension's commands, in one place, so that the manifest, links in the tooltip
// and registrations cannot drift apart. It registers nothing.

/** Command ids by their short name. */
export const commandNames = {
  openDashboard: 'codexBroker.openDashboard',
  topUp: 'codexBroker.topUp',
  answerQuestion: 'codexBroker.answerQuestion',
  allowPurchased: 'codexBroker.allowPurchased',
  showBudgets: 'codexBroker.showBudgets',
  setApiKey: 'codexBroker.setApiKey',
  removeApiKey: 'codexBroker.removeApiKey',
  askAboutSelection: 'codexBroker.askAboutSelection',
  askAboutFile: 'codexBroker.askAboutFile',
  askAboutChanges: 'codexBroker.askAboutChanges',
  askAboutFailedCommand: 'codexBroker.askAboutFailedCommand',
  runTask: 'codexBroker.runTask',
  showWaitingTasks: 'codexBroker.showWaitingTasks',
  openMeteredTerminal: 'codexBroker.openMeteredTerminal',
  routeCodex: 'codexBroker.routeCodex',
  undoRoute: 'codexBroker.undoRoute',
  importSessions: 'codexBroker.importSessions',
  startPracticeMode: 'codexBroker.startPracticeMode',
  leavePracticeMode: 'codexBroker.leavePracticeMode',
  showLog: 'codexBroker.showLog',
  diagnose: 'codexBroker.diagnose',
  startBroker: 'codexBroker.startBroker',
  restartBroker: 'codexBroker.restartBroker',
  explainRequest: 'codexBroker.explainRequest',
  openSettings: 'codexBroker.openSettings',
  switchLeftUsed: 'codexBroker.switchLeftUsed',
  chooseMeterStyle: 'codexBroker.chooseMeterStyle',
  getStarted: 'codexBroker.getStarted',
  showWhatLeft: 'codexBroker.showWhatLeft',
  wipeData: 'codexBroker.wipeData',
} as const;

/** Short name of a command. */
export type CommandName = keyof typeof commandNames;

/** The command that each action of the meter runs. */
export const actionCommands = {
  dashboard: commandNames.openDashboard,
  topUp: commandNames.topUp,
  setApiKey: commandNames.setApiKey,
  startBroker: commandNames.startBroker,
  answer: commandNames.answerQuestion,
  budgets: commandNames.showBudgets,
} as const;
