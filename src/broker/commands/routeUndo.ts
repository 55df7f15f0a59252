// Takes routes of Codex back: of one file, or of all that are known, as when the extension is uninstalled. What a file was before
// comes back to the letter where that is known; else the broker's own line is taken out, and a copy lies beside it.
import { join } from 'node:path';
import { ProblemError } from '../../domain/problem.ts';
import { baseUrlFacts, baseUrlKey, isBrokerAddress, setBaseUrl, unsetBaseUrl } from '../codexConfig/baseUrlEdit.ts';
import { backedUpTexts, backUp, contentHash, readable, readAgain, readConfigFile, removeConfigFile, writeConfigFile } from '../codexConfig/configFile.ts';
import type { ConfigFile, ConfigPlace } from '../codexConfig/configFile.ts';
import { lineDiff } from '../codexConfig/lineDiff.ts';
import { dropRouteRecord, readRouteRecords } from '../codexConfig/routeRecords.ts';
import { TomlBroken } from '../codexConfig/tomlStatements.ts';
import { systemClock } from '../systemClock.ts';
import type { CommandIo } from './commandIo.ts';

/** What undoing needs of a command's surroundings. */
export type UndoIo = Pick<CommandIo, 'out' | 'err' | 'home'>;

/** Takes the address out again, and nothing else. @param as with the difference, or, where a log may keep it, without: it holds a token @returns the exit code */
export function undoRoute(dataDir: string, file: ConfigFile, as: 'talk' | 'sentence' | 'json', io: UndoIo): number {
  const record = readRouteRecords(dataDir).find((one) => one.path === file.realPath);
  const told = (undone: boolean, sentence: string, more: object = {}) => {
    io.out(as === 'json' ? JSON.stringify({ path: file.path, undone, said: sentence, ...more }) : sentence);
    return 0;
  };
  const present = file.exists ? readable(file, baseUrlFacts).baseUrl : undefined;
  const url = record?.url ?? (present !== undefined && isBrokerAddress(present) ? present : undefined);
  const copy = url === undefined || record ? undefined : provenCopy(file, url);
  const after = url === undefined ? undefined : copy ?? readable(file, (text) => unsetBaseUrl(text, url, record?.previous));
  if (after === undefined) {
    if (record) dropRouteRecord(dataDir, record.path);
    return told(false, `${file.path} ${file.exists ? present === undefined ? `sets no ${baseUrlKey}` : `sets ${baseUrlKey} to ${present}, which is not the broker's` : 'does not exist'}; there is nothing to undo.`);
  }
  const isExact = copy !== undefined || record !== undefined && contentHash(after) === record.beforeHash;
  const isOurFile = record?.created === true && after === '';
  const diff = lineDiff(file.text, after);
  const backup = isExact ? undefined : backUp(file, systemClock.nowMs());
  if (isOurFile) removeConfigFile(file);
  else writeConfigFile(file, after);
  if (record) dropRouteRecord(dataDir, record.path);
  const sentence = isOurFile ? `${file.path} was made by the route and is removed.`
    : isExact ? `${file.path} is again what it was before, to the letter.`
      : record ? `${file.path} was edited since it was routed: only the broker's own line was ${record.previous === undefined ? 'taken out' : 'put back to what it was'}, everything else stays. The file as it was a moment ago is kept in ${backup ?? ''}.`
        : `The broker's line was taken out of ${file.path}. What stood there before it is not known here; the file as it was a moment ago is kept in ${backup ?? ''}.`;
  return told(true, as !== 'talk' ? sentence : [file.path, ...diff, '', sentence].join('\n'), { exact: isExact, diff, ...(backup === undefined ? {} : { backup }) });
}

/**
 * Takes back what is noted in a data folder and in that of its practice mode, and the broker's line in the person's own
 * configuration. A file that cannot be used keeps none of the others.
 * @param isMeant which of the broker's addresses in that are to go
 * @returns the exit code
 */
export function undoAllRoutes(dataDir: string, own: ConfigPlace, io: UndoIo, isMeant: (url: string) => boolean = () => true): number {
  let code = 0;
  let undone = 0;
  const attempt = (run: () => void) => {
    try {
      run();
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      io.err(`${error.problem.message} ${error.problem.remedy} (${error.problem.code})`);
      code = 1;
    }
  };
  for (const folder of [dataDir, join(dataDir, 'practice')]) {
    for (const { path } of readRouteRecords(folder)) {
      attempt(() => {
        undoRoute(folder, readAgain(path, io.home), 'sentence', io);
        undone += 1;
      });
    }
  }
  attempt(() => {
    const file = readConfigFile(own);
    const present = file.exists ? readable(file, baseUrlFacts).baseUrl : undefined;
    if (present === undefined || !isBrokerAddress(present) || !isMeant(present)) return;
    undoRoute(dataDir, file, 'sentence', io);
    undone += 1;
  });
  if (code === 0 && undone === 0) io.out('No configuration of Codex is routed through the broker; there is nothing to undo.');
  return code;
}

/** Without notes, as of another data folder: a copy from which the file was made by nothing but setting the address. */
function provenCopy(file: ConfigFile, url: string): string | undefined {
  return backedUpTexts(file).find((text) => {
    try {
      return setBaseUrl(text, url).text === file.text && text !== file.text;
    } catch (error) {
      if (error instanceof TomlBroken) return false;
      throw error;
    }
  });
}
