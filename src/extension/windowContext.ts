// What the manifest's `when` clauses and the walkthrough may know of this window, as context keys: practice mode,
// which welcome is due, what was done already. Set only when they change.
import type { LinkState } from '../protocol/dashboardMessages.ts';
import type { Snapshot } from '../protocol/snapshot.ts';
import type { Editor } from './editorApi.ts';

/** What the keys are made from. */
export interface ContextFacts {
  readonly link: LinkState;
  /** Newest snapshot; absent before the first. */
  readonly snapshot?: Snapshot;
  readonly practice: boolean;
  readonly hasFolder: boolean;
  /** A page with numbers was shown in this window. */
  readonly sawNumbers?: boolean;
  /** A command failed in a terminal, and can be asked about. */
  readonly hasFailedCommand?: boolean;
}

/** The keys, without the prefix that all have. */
export interface WindowContext {
  readonly practice: boolean;
  /** Which welcome the side bar shows; empty for none. */
  readonly welcome: '' | 'noKey' | 'noFolder' | 'down';
  /** Nothing is known that the side bar's view could show beside the welcome. */
  readonly hideNow: boolean;
  readonly hasKey: boolean;
  /** A key is stored, or requests go on a plan; practice needs neither, so there it is not known. */
  readonly canSend: boolean;
  readonly hasRequests: boolean;
  readonly hasBudget: boolean;
  /** Credits were added; practice mode's first ones came by themselves. */
  readonly hasCredits: boolean;
  readonly sawNumbers: boolean;
  readonly hasFailedCommand: boolean;
}

/** Makes the keys. Pure. */
export function contextOf({ link, snapshot, practice, hasFolder, sawNumbers = false, hasFailedCommand = false }: ContextFacts): WindowContext {
  const hasRequests = (snapshot?.recent.length ?? 0) > 0;
  const hasNumbers = snapshot !== undefined && (hasRequests || snapshot.balance.tracked);
  // Who goes on a ChatGPT plan needs no key.
  const hasPlan = (snapshot?.plans ?? []).length > 0;
  const isReal = snapshot !== undefined && snapshot.broker.mode !== 'practice';
  const needsKey = isReal && snapshot.key.state === 'missing' && !hasPlan;
  const welcome = link.state === 'down' && !snapshot ? 'down' : needsKey ? 'noKey' : snapshot && !hasFolder && !hasRequests ? 'noFolder' : '';
  return {
    practice, welcome, hideNow: (welcome === 'noKey' || welcome === 'down') && !hasNumbers, hasKey: snapshot?.key.state === 'present', canSend: isReal && (snapshot.key.state === 'present' || hasPlan), hasRequests,
    hasBudget: (snapshot?.budgets.length ?? 0) > 0, hasCredits: snapshot?.balance.tracked === true && (isReal || snapshot.balance.grants.some(({ kind }) => kind === 'purchased')), sawNumbers, hasFailedCommand,
  };
}

/** Sets the keys of one window. */
export class WindowContextKeys {
  /** What they are now. */
  now = contextOf({ link: { state: 'connecting' }, practice: false, hasFolder: false });
  readonly #commands: Pick<Editor['commands'], 'executeCommand'>;
  readonly #set = new Map<string, unknown>();

  constructor(commands: Pick<Editor['commands'], 'executeCommand'>) {
    this.#commands = commands;
  }

  /** Takes the newest facts. */
  see(facts: ContextFacts): void {
    const context = contextOf(facts);
    this.now = context;
    // What shows a view comes before what hides one: a container without any view is closed, and another one opens in its place.
    const order: readonly (keyof WindowContext)[] = context.hideNow ? ['welcome', 'hideNow'] : ['hideNow', 'welcome'];
    for (const name of new Set([...order, ...Object.keys(context) as (keyof WindowContext)[]])) {
      const value = context[name];
      if (this.#set.get(name) === value) continue;
      this.#set.set(name, value);
      void this.#commands.executeCommand('setContext', `codexBroker.${name}`, value);
    }
  }
}
