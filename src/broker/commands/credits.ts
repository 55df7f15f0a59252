// `codex-broker credits`: which of its words was said. Each has a file of its own.
import { allowance } from './allowance.ts';
import { wrongUse } from './argumentValues.ts';
import type { CommandIo } from './commandIo.ts';
import { creditsAdd } from './creditsAdd.ts';
import { creditsAuto } from './creditsAuto.ts';
import { creditsAllow, creditsAsk, creditsDeny } from './creditsConsent.ts';
import { creditsReconcile, creditsRefund, creditsVoid } from './creditsCorrect.ts';
import { creditsList } from './creditsList.ts';

const words: Readonly<Record<string, (args: readonly string[], io: CommandIo) => Promise<number>>> = {
  add: creditsAdd, list: creditsList, allow: creditsAllow, deny: creditsDeny, ask: creditsAsk, void: creditsVoid, refund: creditsRefund, reconcile: creditsReconcile, allowance, auto: creditsAuto,
};

/** `codex-broker credits WORD` */
export async function credits(args: readonly string[], io: CommandIo): Promise<number> {
  const [word = '', ...rest] = args;
  const run = Object.hasOwn(words, word) ? words[word] : undefined;
  if (!run) throw wrongUse(`Say \`credits\` with one of ${Object.keys(words).join(', ')}; for example \`credits add 25\`.`);
  return run(rest, io);
}
