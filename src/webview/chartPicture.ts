// A picture of a chart that stands by itself: title, range, legend, and the badge of practice mode around the drawing, in
// the colours of the theme. Nothing in it names a workspace's path, a key or a request.
import { t } from '../protocol/language.ts';
import { inkOf, seriesFill } from './chartInk.ts';

/** What is written around the drawing. */
export interface PictureWords {
  readonly title: string;
  readonly subtitle: string;
  /** Practice credits buy nothing; whoever gets the picture must know. */
  readonly isPractice: boolean;
  readonly legend: readonly { readonly name: string; readonly amount: string; readonly isOther?: true }[];
}

const marginPx = 24;
const titlePx = 18;
const textPx = 12;
const lineHeightPx = 20;
const swatchPx = 10;

/** The picture as PNG in base64, without the address's head. */
export function chartPicture(chart: HTMLCanvasElement, words: PictureWords): string {
  const scale = Math.max(1, devicePixelRatio);
  const font = getComputedStyle(document.body).fontFamily;
  const ink = inkOf(document.body);
  const legend = words.legend.length > 1 ? words.legend : [];
  const canvas = document.createElement('canvas');
  canvas.width = chart.width + 2 * marginPx * scale;
  canvas.height = chart.height + (2 * marginPx + 2 * lineHeightPx + 16 + legend.length * lineHeightPx) * scale;
  const pen = canvas.getContext('2d');
  if (!pen) return '';
  pen.scale(scale, scale);
  const widthPx = canvas.width / scale;
  pen.fillStyle = ink('--vscode-editor-background');
  pen.fillRect(0, 0, widthPx, canvas.height / scale);
  const write = (text: string, x: number, y: number, style: string, variable: string) => {
    pen.font = `${style} ${font}`;
    pen.fillStyle = ink(variable);
    pen.fillText(text, x, y, widthPx - marginPx - x);
  };
  let y = marginPx + titlePx;
  write(words.isPractice ? t('{0} · Practice mode', words.title) : words.title, marginPx, y, `600 ${titlePx}px`, '--vscode-foreground');
  y += lineHeightPx;
  write(words.subtitle, marginPx, y, `${textPx}px`, '--vscode-descriptionForeground');
  y += 12;
  pen.drawImage(chart, marginPx, y, chart.width / scale, chart.height / scale);
  y += chart.height / scale + lineHeightPx;
  legend.forEach((one, index) => {
    pen.fillStyle = seriesFill(ink, one.isOther ? undefined : index);
    pen.fillRect(marginPx, y - swatchPx, swatchPx, swatchPx);
    write(`${one.name}  ${one.amount}`, marginPx + swatchPx + 8, y, `${textPx}px`, '--vscode-foreground');
    y += lineHeightPx;
  });
  return canvas.toDataURL('image/png').replace(/^data:image\/png;base64,/, '');
}
