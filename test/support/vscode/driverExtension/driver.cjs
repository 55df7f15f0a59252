// An extension for tests alone: connects this window's extension host to the test run, runs the
// functions that it is sent, and sends back what they give. Without a test run it does nothing.
'use strict';
const net = require('node:net');
const readline = require('node:readline');
const vm = require('node:vm');
const vscode = require('vscode');

exports.activate = (context) => {
  const address = process.env.CODEX_BROKER_TEST_DRIVER;
  if (!address) return;
  const socket = net.connect(address);
  socket.on('error', () => { /* the test run has gone, so nobody waits for an answer */ });
  const send = (message) => socket.write(`${JSON.stringify(message)}\n`);
  send({ hello: { pid: process.pid, folders: (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath) } });
  const answer = async ({ id, source, args }) => {
    try {
      // The function comes as text because it crosses into another process.
      send({ id, result: await vm.runInThisContext(`(${source})`)({ vscode }, ...args) });
    } catch (error) {
      send({ id, error: error instanceof Error ? error.stack : String(error) });
    }
  };
  readline.createInterface({ input: socket }).on('line', (line) => { void answer(JSON.parse(line)); });
  context.subscriptions.push({ dispose: () => socket.destroy() });
};
