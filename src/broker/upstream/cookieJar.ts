// Cookies of one host, for one account, in memory: those with which Cloudflare recognises a visitor, and no
// others. Codex keeps them itself when it talks to ChatGPT; through the broker the broker has to. A session
// or account cookie is never taken.
import type { Clock } from '../clock.ts';

/** Cloudflare's own cookies (its "Cloudflare cookies" page; openai/codex, codex-rs/codex-client/src/chatgpt_cloudflare_cookies.rs). */
const allowedNames = new Set(['__cf_bm', '__cflb', '__cfruid', '__cfseq', '__cfwaitingroom', '_cfuvid', 'cf_clearance', 'cf_ob_info', 'cf_use_ob']);
const allowedPrefix = 'cf_chl_';
/** Cookies that are kept, and how large one may be. */
export const cookiesMax = 20;
const valueCharactersMax = 4096;

/** Keeps cookies of one host. */
export class CookieJar {
  readonly #clock: Clock;
  readonly #cookies = new Map<string, { readonly value: string; readonly endsAtMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes what `set-cookie` headers say. */
  take(headers: string | readonly string[] | undefined): void {
    for (const header of typeof headers === 'string' ? [headers] : headers ?? []) this.#takeOne(header);
  }

  /** The `cookie` header; undefined where there is none. */
  get header(): string | undefined {
    const nowMs = this.#clock.nowMs();
    for (const [name, { endsAtMs }] of this.#cookies) if (endsAtMs <= nowMs) this.#cookies.delete(name);
    return this.#cookies.size === 0 ? undefined : [...this.#cookies].map(([name, { value }]) => `${name}=${value}`).join('; ');
  }

  #takeOne(header: string): void {
    const [pair = '', ...attributes] = header.split(';');
    const [, name = '', value = ''] = /^\s*([\w-]+)=([\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*)\s*$/.exec(pair) ?? [];
    if (!allowedNames.has(name) && !name.startsWith(allowedPrefix) || value.length > valueCharactersMax) return;
    const endsAtMs = endOf(attributes, this.#clock.nowMs());
    this.#cookies.delete(name);
    if (endsAtMs <= this.#clock.nowMs()) return;
    const [oldest] = this.#cookies.keys();
    if (this.#cookies.size >= cookiesMax && oldest !== undefined) this.#cookies.delete(oldest);
    this.#cookies.set(name, { value, endsAtMs });
  }
}

/** When a cookie ends: `Max-Age` goes before `Expires` (RFC 6265, 5.3); one with neither lasts as long as the broker. */
function endOf(attributes: readonly string[], nowMs: number): number {
  const valueOf = (wanted: string) => attributes.map((one) => one.trim().split('=')).find(([name = '']) => name.toLowerCase() === wanted)?.[1]?.trim();
  const maxAge = valueOf('max-age');
  if (maxAge !== undefined && /^-?\d{1,10}$/.test(maxAge)) return nowMs + Number(maxAge) * 1000;
  const expires = Date.parse(valueOf('expires') ?? '');
  return Number.isNaN(expires) ? Infinity : expires;
}
