// What the doctor finds: one finding for each thing that was looked at, told so that it can be shown to
// others. It holds no secret, and the person's own folder is a `~` in it.

/** One thing that was looked at. */
export interface Finding {
  /** What was looked at, in a word. */
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'failed';
  /** What was found, as a sentence. */
  readonly says: string;
  /** What to do about it; absent when there is nothing to do. */
  readonly remedy?: string;
}

/** A finding with nothing to do about it. */
export function fine(check: string, says: string): Finding {
  return { check, state: 'ok', says };
}

/** A finding that keeps nothing from working now. */
export function warning(check: string, says: string, remedy: string): Finding {
  return { check, state: 'warning', says, remedy };
}

/** A finding that has to be dealt with. */
export function failed(check: string, says: string, remedy: string): Finding {
  return { check, state: 'failed', says, remedy };
}

/** The same without the person's home folder. @param homes the folder by all its names */
export function redacted(finding: Finding, homes: readonly string[]): Finding {
  const clean = (text: string) => homes.filter((home) => home.length > 1).sort((a, b) => b.length - a.length).reduce((left, home) => left.replaceAll(home, '~'), text);
  return { ...finding, says: clean(finding.says), ...(finding.remedy === undefined ? {} : { remedy: clean(finding.remedy) }) };
}
