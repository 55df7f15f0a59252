// Brought into a program that imports session files, holds it in the third of them until it is interrupted or, with
// SIGUSR2, let go on: a test that disturbs it can then be as late as it likes.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { createReadStream } = fs;
let opened = 0;
/** Opens once a signal has come; until then a timer keeps the program there. */
const open = (...args) => {
  const stay = setInterval(() => undefined, 1000);
  const goOn = () => {
    for (const name of ['SIGINT', 'SIGUSR2']) process.off(name, goOn);
    clearInterval(stay);
    fs.open(...args);
  };
  for (const name of ['SIGINT', 'SIGUSR2']) process.on(name, goOn);
};
fs.createReadStream = (path, options) => {
  const isThird = /rollout-/.test(path) && (opened += 1) === 3;
  return createReadStream(path, isThird ? { ...options, fs: { ...fs, open } } : options);
};
syncBuiltinESMExports();
