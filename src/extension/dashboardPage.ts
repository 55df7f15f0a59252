// The HTML around the dashboard page and the side bar: which scripts, styles and pictures it may load, and nothing
// else. The page itself is built apart; what comes from outside enters this frame as data alone.
import type { ExtensionMessage } from '../protocol/dashboardMessages.ts';
import { t, type Language } from '../protocol/language.ts';

/** Addresses of the page's files as the webview may load them, and its random nonce. */
export interface PageFrame {
  readonly cspSource: string;
  readonly nonce: string;
  readonly language: Language;
  readonly script: string;
  /** What the script loads with its first chart. The side bar has none, and no other pages either: its script is no module. */
  readonly plot?: string;
  readonly style: string;
  readonly codicons: string;
  /** The icons' font, as their style sheet names it. */
  readonly iconFont: string;
  /** What the page is painted from before its first word is answered; without it the page says that it waits. */
  readonly first?: ExtensionMessage;
  /** The element that the page's script brings to life. */
  readonly element: 'codex-dashboard' | 'codex-sidebar';
}

/** The frame of the page. */
export function dashboardHtml(frame: PageFrame): string {
  const policy = [
    'default-src \'none\'',
    `script-src 'nonce-${frame.nonce}'`,
    `style-src ${frame.cspSource}`,
    `font-src ${frame.cspSource}`,
    `img-src ${frame.cspSource} data:`,
    'base-uri \'none\'',
    'form-action \'none\'',
  ].join('; ');
  // The script is fetched while its data is still read, and runs behind it, as modules do; what a module loads later inherits its nonce. The icons' font is asked for with the style
  // sheets: VS Code shows a webview with its load event, which waits for a font that was asked for later. A page without sentences of the editor's language speaks English, and a screen reader has to know.
  return `<!DOCTYPE html>
<html lang="${attribute(frame.language.sentences ? frame.language.tag : 'en')}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${attribute(t('Codex Usage'))}</title>
<link rel="preload" as="font" type="font/ttf" crossorigin href="${attribute(frame.iconFont)}">
<link id="vscode-codicon-stylesheet" rel="stylesheet" href="${attribute(frame.codicons)}">
<link rel="stylesheet" href="${attribute(frame.style)}">
</head>
<body>
<${frame.element}></${frame.element}>
<script ${frame.plot === undefined ? 'defer' : 'type="module"'} nonce="${attribute(frame.nonce)}" src="${attribute(frame.script)}"${frame.plot === undefined ? '' : ` data-plot="${attribute(frame.plot)}"`}></script>
${dataBlock('sentences', frame.language.sentences)}${dataBlock('first', frame.first)}</body>
</html>
`;
}

/** Data for the page: a block that no browser runs, so that no policy has to allow it, and that no text in it ends. */
function dataBlock(id: string, data: unknown): string {
  return data === undefined ? '' : `<script type="application/json" id="${id}">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>\n`;
}

function attribute(text: string): string {
  return text.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
