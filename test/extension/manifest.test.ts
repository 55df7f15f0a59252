// The manifest says what the code does: commands, settings with their scopes, activation, trust,
// and an engine that fits the typings.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { commandNames } from '../../src/extension/commandNames.ts';
import { panelType } from '../../src/extension/dashboardPanel.ts';
import { meteredProfileId } from '../../src/extension/meteredTerminal.ts';
import { ownSettings } from '../../src/extension/settings.ts';
import { sidebarViewId } from '../../src/extension/sidebarView.ts';
import { contextOf } from '../../src/extension/windowContext.ts';
import { withWords } from '../support/language/manifestWords.ts';

interface Manifest {
  engines: { vscode: string }; devDependencies: Record<string, string>; icon: string; main: string; categories: string[]; keywords: string[]; extensionKind: string[];
  activationEvents: string[];
  capabilities: { untrustedWorkspaces: { supported: string; description: string; restrictedConfigurations: string[] }; virtualWorkspaces: { supported: string } };
  contributes: {
    commands: { command: string; title: string; category: string; enablement?: string }[];
    viewsContainers: { activitybar: { id: string; title: string; icon: string }[] };
    views: Record<string, { id: string; type?: string; name: string; icon: string; when: string }[]>;
    viewsWelcome: { view: string; when: string; contents: string }[];
    walkthroughs: { id: string; steps: { id: string; title: string; description: string; media: { markdown: string }; completionEvents: string[] }[] }[];
    terminal: { profiles: { id: string; title: string; icon: string }[] };
    menus: Record<string, { command: string; when?: string }[]>;
    configuration: { properties: Record<string, { scope: string; default: unknown; order: number; markdownDescription?: string; enum?: string[]; enumItemLabels?: string[]; markdownEnumDescriptions?: string[] }> };
  };
}

describe('manifest', () => {
  const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
  const manifest = withWords(readJson('package.json'), readJson('package.nls.json') as Record<string, string>) as Manifest;
  const { commands, menus, configuration } = manifest.contributes;

  it('declares exactly the commands that are registered, each with category and title', () => {
    assert.deepEqual(commands.map(({ command }) => command).sort(), Object.values(commandNames).sort());
    for (const { title, category } of commands) {
      assert.equal(category, 'Codex Broker');
      assert.match(title, /^[A-Z][A-Za-z]*( (?:the|and|[A-Z][A-Za-z]*))*…?$/);
    }
    assert.equal(new Set(commands.map(({ title }) => title)).size, commands.length);
  });

  it('hides what is internal and offers each practice command where it makes sense', () => {
    const palette = new Map(menus['commandPalette']?.map(({ command, when }) => [command, when]));
    assert.equal(palette.get(commandNames.explainRequest), 'false');
    assert.equal(palette.get(commandNames.startPracticeMode), '!codexBroker.practice');
    assert.equal(palette.get(commandNames.leavePracticeMode), 'codexBroker.practice');
    for (const entries of Object.values(menus)) for (const { command } of entries) assert.ok((Object.values(commandNames) as string[]).includes(command));
  });

  it('asks about what stands where the menu is opened, and keeps files and changes to places that have some', () => {
    const asks = Object.entries(menus).flatMap(([menu, entries]) => entries.filter(({ command }) => command.startsWith('codexBroker.ask')).map(({ command, when }) => [menu, command, when]));
    assert.deepEqual(asks, [
      ['editor/context', commandNames.askAboutSelection, 'editorHasSelection'],
      ['editor/title/context', commandNames.askAboutFile, 'isFileSystemResource || resourceScheme == untitled'],
      ['explorer/context', commandNames.askAboutFile, 'resourceSet && !explorerResourceIsFolder'],
      ['scm/title', commandNames.askAboutChanges, 'scmProvider == git'],
      ['scm/resourceState/context', commandNames.askAboutChanges, 'scmProvider == git'],
      ['terminal/context', commandNames.askAboutFailedCommand, 'codexBroker.hasFailedCommand'],
    ]);
    for (const { command, enablement } of commands) if (command.includes('.ask')) assert.equal(enablement, 'isWorkspaceTrusted', command);
  });

  it('has the metered terminal among the kinds of terminals', () => {
    assert.deepEqual(manifest.contributes.terminal.profiles, [{ id: meteredProfileId, title: 'Codex (metered)', icon: '$(dashboard)' }]);
  });

  it('gives every setting a scope, an order and words', () => {
    const all = Object.entries(configuration.properties);
    assert.deepEqual(all.map(([name]) => name.replace('codexBroker.', '')).sort(), ['askModel', 'certificates', 'codexPath', 'continueTasks', 'dataDir', 'fallback.model', 'fallback.url', 'fallback.when', 'meter.content', 'meter.show', 'meter.unit', 'notices.enabled', 'passThrough', 'practice', 'routeTerminals', 'spreadPlan', 'statusBar.alignment', 'statusBar.compact', 'statusBar.priority', 'statusBar.style', 'statusBar.visible', 'taskModel', 'taskSandbox', 'upstream']);
    assert.deepEqual(all.map(([, { order }]) => order), all.map((_, index) => index + 1));
    for (const [name, setting] of all) {
      assert.ok(name.startsWith('codexBroker.'));
      assert.ok((setting.markdownDescription?.length ?? 0) > 20, name);
      // Whether a person is told of spending is theirs to say, not a repository's.
      assert.equal(setting.scope, (ownSettings as readonly string[]).includes(name.replace('codexBroker.', '')) ? 'machine' : name === 'codexBroker.notices.enabled' ? 'application' : 'window', name);
      if (setting.enum) {
        assert.equal(setting.enumItemLabels?.length, setting.enum.length);
        assert.equal(setting.markdownEnumDescriptions?.length, setting.enum.length);
        assert.ok(setting.enum.includes(String(setting.default)));
      }
    }
  });

  it('has one container with two views, and a welcome for each state that needs one', () => {
    const { viewsContainers: { activitybar: [container, ...more] }, views, viewsWelcome } = manifest.contributes;
    assert.ok(container && existsSync(container.icon));
    assert.deepEqual([more, Object.keys(views)], [[], [container.id]]);
    assert.deepEqual(views[container.id]?.map(({ id, type }) => [id, type]), [['codexBroker.welcome', undefined], [sidebarViewId, 'webview']]);
    assert.deepEqual(viewsWelcome.map(({ view, when }) => `${view} ${when.replace('codexBroker.welcome == ', '')}`), ['noKey', 'noFolder', 'down'].map((state) => `codexBroker.welcome ${state}`));
    for (const { contents } of viewsWelcome) assert.match(contents, /\n\[[A-Z].*\]\(command:/);
  });

  it('leads from the first look to a budget in at most six steps, each of which can be completed', () => {
    const [walk, ...more] = manifest.contributes.walkthroughs;
    assert.ok(walk && more.length === 0 && walk.steps.length <= 6);
    const keys = Object.keys(contextOf({ link: { state: 'connecting' }, practice: false, hasFolder: true }));
    for (const { id, media, description, completionEvents } of walk.steps) {
      assert.ok(existsSync(media.markdown), id);
      for (const [, picture = ''] of readFileSync(media.markdown, 'utf8').matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)) assert.ok(existsSync(join(dirname(media.markdown), picture)), picture);
      assert.ok(completionEvents.length > 0, id);
      for (const event of completionEvents) {
        const [kind, name = ''] = event.split(':');
        if (kind === 'onContext') assert.ok(keys.includes(name.replace('codexBroker.', '')), event);
        else if (kind === 'onView') assert.equal(name, sidebarViewId);
        else assert.ok(kind === 'onCommand' && (Object.values(commandNames) as string[]).includes(name), event);
      }
      for (const [, command = ''] of description.matchAll(/\(command:([\w.]+)\)/g)) assert.ok(command === `${sidebarViewId}.focus` || (Object.values(commandNames) as string[]).includes(command), command);
    }
  });

  it('asks in its clauses only for context keys that are set', () => {
    const keys = Object.keys(contextOf({ link: { state: 'connecting' }, practice: false, hasFolder: true }));
    const clauses = [...Object.values(menus).flat(), ...Object.values(manifest.contributes.views).flat(), ...manifest.contributes.viewsWelcome, ...commands.map(({ enablement }) => ({ when: enablement }))].map(({ when }) => when ?? '');
    const named = clauses.flatMap((clause) => [...clause.replace(/view == [\w.]+/g, '').matchAll(/codexBroker\.(\w+)/g)].map(([, name = '']) => name));
    assert.ok(named.length >= 6);
    for (const name of named) assert.ok(keys.includes(name), name);
  });

  it('restricts what decides about execution until the workspace is trusted', () => {
    const { untrustedWorkspaces, virtualWorkspaces } = manifest.capabilities;
    assert.equal(untrustedWorkspaces.supported, 'limited');
    for (const name of [...ownSettings, 'continueTasks', 'statusBar.visible']) assert.ok(untrustedWorkspaces.restrictedConfigurations.includes(`codexBroker.${name}`), name);
    for (const name of untrustedWorkspaces.restrictedConfigurations) assert.ok(name in configuration.properties, name);
    assert.equal(virtualWorkspaces.supported, 'limited');
    assert.deepEqual(manifest.extensionKind, ['workspace']);
  });

  it('starts after the editor, never before', () => {
    assert.deepEqual(manifest.activationEvents, ['onStartupFinished', 'onUri', `onWebviewPanel:${panelType}`]);
    assert.equal(manifest.main, './dist/extension.cjs');
  });

  it('asks for exactly the editor that its typings describe', () => {
    assert.equal(manifest.engines.vscode, `^${manifest.devDependencies['@types/vscode']}`);
  });

  it('has an icon, known categories and few keywords', () => {
    assert.ok(manifest.icon.endsWith('.png') && existsSync(manifest.icon));
    assert.ok(manifest.categories.every((category) => ['AI', 'Chat', 'Visualization', 'Machine Learning', 'Other'].includes(category)));
    assert.ok(manifest.keywords.length <= 10);
  });
});
