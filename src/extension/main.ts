// The extension's entry: the one file that loads the editor's API at run time and the one place
// where its clock, timers and randomness come from. It builds the extension and nothing else.
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { setLanguage } from '../protocol/language.ts';
import { composeExtension, type RunningExtension } from './compose.ts';
import { editorLanguage } from './editorLanguage.ts';
import { liveOpener } from './liveSocket.ts';
import { loopbackRequest } from './loopbackHttp.ts';
import type { Schedule } from './schedule.ts';

let running: RunningExtension | undefined;

const schedule: Schedule = {
  nowMs: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

/** Called by the editor once it has started. */
export function activate(context: vscode.ExtensionContext): void {
  setLanguage(editorLanguage(vscode));
  running = composeExtension(vscode, context, {
    schedule, env: process.env, platform: process.platform, execPath: process.execPath,
    request: loopbackRequest, openLive: liveOpener(schedule),
    utcOffsetMs: (atMs) => -new Date(atMs).getTimezoneOffset() * 60_000,
    newToken: () => randomBytes(24).toString('hex'),
  });
}

/** Called by the editor before it ends; the broker stays for its other clients. */
export function deactivate(): void {
  running?.stop();
  running = undefined;
}
