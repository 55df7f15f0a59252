// Colours and hatches of charts, taken from the theme's variables each time something is drawn. Colour never stands
// alone: every second series is hatched too.

/** Gives the colour that a variable of the theme has now. */
export type Ink = (variable: string) => string;

/** The colours as they are at an element. */
export function inkOf(element: Element): Ink {
  return (variable) => getComputedStyle(element).getPropertyValue(variable).trim() || getComputedStyle(element).color;
}

/** The variables of the series, in their order; the style sheet's swatches follow the same. */
const seriesVariables = ['--vscode-charts-blue', '--vscode-charts-purple', '--vscode-charts-green', '--vscode-charts-yellow'] as const;
const tilePx = 6;

/** What a series is filled with; undefined: everything else. */
export function seriesFill(ink: Ink, index: number | undefined): string | CanvasPattern {
  const colour = index === undefined ? ink('--vscode-descriptionForeground') : ink(seriesVariables[index % seriesVariables.length] ?? seriesVariables[0]);
  return index !== undefined && index % 2 === 1 ? hatched(colour, ink('--vscode-editor-background'), index > 1) : colour;
}

/** A tile with a slanted line, which repeats without a seam. */
function hatched(colour: string, line: string, isOtherWay: boolean): string | CanvasPattern {
  const size = tilePx * Math.max(1, Math.round(devicePixelRatio));
  const tile = new OffscreenCanvas(size, size);
  const pen = tile.getContext('2d');
  if (!pen) return colour;
  pen.fillStyle = colour;
  pen.fillRect(0, 0, size, size);
  pen.strokeStyle = line;
  pen.lineWidth = size / 4;
  if (isOtherWay) pen.setTransform(-1, 0, 0, 1, size, 0);
  for (const shift of [-size, 0, size]) {
    pen.beginPath();
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
    pen.stroke();
  }
  return pen.createPattern(tile, 'repeat') ?? colour;
}
