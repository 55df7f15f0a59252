// Everything that a folder holds, while a broker may write there.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** How often a folder is looked through that changes meanwhile. */
const looksMax = 50;

/** All files of a folder as bytes, by their names there. A file that is put in another's place while they are read lets them be read anew. */
export function filesIn(folder: string, looks = looksMax): [string, Buffer][] {
  try {
    return readdirSync(folder, { recursive: true }).map(String).filter((name) => statSync(path.join(folder, name)).isFile())
      .map((name) => [name, readFileSync(path.join(folder, name))]);
  } catch (error) {
    if (looks > 1 && (error as { code?: string }).code === 'ENOENT') return filesIn(folder, looks - 1);
    throw error;
  }
}
