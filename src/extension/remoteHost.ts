// Where this window's broker and ledger are, where that is not the computer that the person sits at: a remote window runs its
// extensions elsewhere, and each such place has a ledger of its own.
import { t } from '../protocol/language.ts';

/** The place in words; undefined for a local window, or one whose kind is not known. @param remoteName `vscode.env.remoteName` @param hostname of the computer that the extension runs on */
export function remoteHost(remoteName: string | undefined, hostname: string): string | undefined {
  switch (remoteName) {
    case 'ssh-remote': return t('{0} (SSH)', hostname);
    case 'wsl': return t('{0} (WSL)', hostname);
    case 'dev-container': case 'attached-container': return t('{0} (container)', hostname);
    case 'codespaces': return t('{0} (Codespaces)', hostname);
    case 'tunnel': return t('{0} (tunnel)', hostname);
    default: return undefined;
  }
}
