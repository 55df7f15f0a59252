// The test run's end of driverExtension: runs functions inside the extension host of a chosen window
// and gives back what they return, as JSON. It knows windows by the folder that they show.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import readline from 'node:readline';
import type * as vscode from 'vscode';

/** What a function inside the host is given first. */
export interface HostScope {
  readonly vscode: typeof vscode;
}

/** One window's extension host. */
export interface ExtensionHost {
  readonly pid: number;
  readonly folders: readonly string[];
  readonly closed: () => boolean;
  /** Runs `fn` over there. It may use nothing but its arguments, which must be JSON. */
  run<A extends readonly unknown[], R>(fn: (scope: HostScope, ...args: A) => R | PromiseLike<R>, ...args: A): Promise<R>;
}

/** Waits for windows to report. */
export interface HostDriver {
  /** Value of the variable CODEX_BROKER_TEST_DRIVER for the server. */
  readonly address: string;
  /** The host of the window that shows `folder`, now or once it comes up. */
  host(folder: string): Promise<ExtensionHost>;
  close(): void;
}

const hostMsMax = 60_000;
const callMsMax = 60_000;

interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** Listens for extension hosts on a socket inside `folder`. */
export async function startHostDriver(folder: string): Promise<HostDriver> {
  const address = path.join(folder, 'driver.sock');
  const hosts = new Set<ExtensionHost>();
  const waiting = new Set<() => void>();
  const server = net.createServer((socket) => {
    const host = hostOver(socket, (ready) => {
      hosts.add(ready);
      for (const check of waiting) check();
    });
    socket.once('close', () => { const ended = host(); if (ended) hosts.delete(ended); });
  });
  await new Promise<void>((resolve) => { server.listen(address, resolve); });
  return {
    address,
    host(wanted) {
      const real = fs.realpathSync(wanted);
      return new Promise((resolve, reject) => {
        const check = () => {
          const found = [...hosts].find((host) => !host.closed() && host.folders.some((each) => fs.realpathSync(each) === real));
          if (!found) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve(found);
        };
        const timer = setTimeout(() => {
          waiting.delete(check);
          reject(new Error(`No extension host came up for ${wanted} within ${hostMsMax / 1000} s.`));
        }, hostMsMax);
        waiting.add(check);
        check();
      });
    },
    close() { server.close(); },
  };
}

function hostOver(socket: net.Socket, ready: (host: ExtensionHost) => void): () => ExtensionHost | undefined {
  const pending = new Map<number, Pending>();
  let next = 1;
  let closed = false;
  let host: ExtensionHost | undefined;
  const gone = () => new Error('The extension host has gone.');
  socket.on('error', () => { /* the close that follows settles every call */ });
  socket.once('close', () => {
    closed = true;
    for (const call of pending.values()) call.reject(gone());
  });
  const run: ExtensionHost['run'] = (fn, ...args) => new Promise((resolve, reject) => {
    if (closed) { reject(gone()); return; }
    const id = next++;
    const timer = setTimeout(() => { pending.delete(id); reject(new Error(`The extension host did not answer within ${callMsMax / 1000} s: ${String(fn).slice(0, 200)}`)); }, callMsMax);
    pending.set(id, {
      resolve: (value) => { clearTimeout(timer); resolve(value); },
      reject: (error) => { clearTimeout(timer); reject(error); },
    });
    socket.write(`${JSON.stringify({ id, source: String(fn), args })}\n`);
  });
  readline.createInterface({ input: socket }).on('line', (line) => {
    const message = JSON.parse(line) as { hello?: { pid: number; folders: string[] }; id: number; result?: never; error?: string };
    if (message.hello) {
      host = { ...message.hello, closed: () => closed, run };
      ready(host);
      return;
    }
    const call = pending.get(message.id);
    pending.delete(message.id);
    if (message.error === undefined) call?.resolve(message.result as never); else call?.reject(new Error(`In the extension host: ${message.error}`));
  });
  return () => host;
}
