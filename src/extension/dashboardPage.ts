// The HTML around the dashboard page and the side bar: which scripts, styles and pictures it may load, and nothing
// else. The page itself is built apart; no text from outside ever enters this frame.

/** Addresses of the page's files as the webview may load them, and its random nonce. */
export interface PageFrame {
  readonly cspSource: string;
  readonly nonce: string;
  readonly language: string;
  readonly script: string;
  readonly style: string;
  readonly codicons: string;
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
  return `<!DOCTYPE html>
<html lang="${attribute(frame.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Codex Usage</title>
<link id="vscode-codicon-stylesheet" rel="stylesheet" href="${attribute(frame.codicons)}">
<link rel="stylesheet" href="${attribute(frame.style)}">
</head>
<body>
<${frame.element}></${frame.element}>
<script nonce="${attribute(frame.nonce)}" src="${attribute(frame.script)}"></script>
</body>
</html>
`;
}

function attribute(text: string): string {
  return text.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
