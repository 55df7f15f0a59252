// How a person's Codex is signed in, which decides by which address it comes to the broker: one that is signed
// in with ChatGPT brings its own sign-in along, any other is let in upstream with the broker's key. Only the
// kind of sign-in is read of Codex's file; no secret of it is kept.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/** How Codex is signed in; `unknown` also where the system's keyring has it. */
export type CodexLogin = 'chatgpt' | 'api-key' | 'unknown';

/** What pays for Codex's requests: the plan of its own sign-in, or credits and the broker's key. */
export type Payer = 'plan' | 'credits';

/** Codex's own file is a few kilobytes. */
const fileBytesMax = 1024 * 1024;
const authFile = z.object({ auth_mode: z.string().optional(), tokens: z.object({ access_token: z.string().min(1) }).nullish(), OPENAI_API_KEY: z.string().nullish() });

/** How Codex is signed in by its file `auth.json` (shape measured with 0.169; older ones name no mode). */
export function codexLogin(codexHome: string, env: Readonly<Record<string, string | undefined>>): CodexLogin {
  // A key in the environment goes before the file.
  if (env['CODEX_API_KEY']) return 'api-key';
  try {
    const path = join(codexHome, 'auth.json');
    if (statSync(path).size > fileBytesMax) return 'unknown';
    const { auth_mode: mode, tokens, OPENAI_API_KEY: key } = authFile.parse(JSON.parse(readFileSync(path, 'utf8')));
    if (mode !== undefined) return mode === 'chatgpt' && tokens ? 'chatgpt' : mode === 'apikey' ? 'api-key' : 'unknown';
    return key ? 'api-key' : tokens ? 'chatgpt' : 'unknown';
  } catch {
    // No file, or none that makes sense: Codex itself will say that it is not signed in.
    return 'unknown';
  }
}

/** What pays, where a person has not said it: a plan where Codex is signed in to one. */
export function payerFor(login: CodexLogin): Payer {
  return login === 'chatgpt' ? 'plan' : 'credits';
}
