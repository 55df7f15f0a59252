// Draws a limit's gauge as a small SVG inside a data URI, because a tooltip has no styles: the bar
// is what is left (or used), the tick the time left (or gone). Colours come per kind of theme.

/** Kinds of colour theme that the editor knows. */
export type ThemeKind = 'light' | 'dark' | 'highContrastDark' | 'highContrastLight';

/** What a gauge shows; `share` from 0 to 1, absent while unknown. */
export interface Gauge {
  readonly share?: number;
  /** Share of the window's time; absent where time plays no part. */
  readonly tick?: number;
  /** Little is left: drawn hatched and in the warning colour. */
  readonly low: boolean;
}

/** Size of the picture in pixels. */
export const gaugeWidth = 96;
/** See `gaugeWidth`. */
export const gaugeHeight = 14;

const colours: Record<ThemeKind, { readonly track: string; readonly fill: string; readonly low: string; readonly tick: string; readonly outline?: string }> = {
  light: { track: '#d6d6d6', fill: '#1a85ff', low: '#bf8803', tick: '#3b3b3b' },
  dark: { track: '#454545', fill: '#3794ff', low: '#cca700', tick: '#ffffff' },
  highContrastDark: { track: '#000000', fill: '#3794ff', low: '#ffd370', tick: '#ffffff', outline: '#6fc3df' },
  highContrastLight: { track: '#ffffff', fill: '#0f4a85', low: '#895503', tick: '#292929', outline: '#0f4a85' },
};

/** The gauge as a `data:` address. */
export function gaugeImage(gauge: Gauge, theme: ThemeKind): string {
  const colour = colours[theme];
  const parts: string[] = [];
  const track = `x="0.5" y="4.5" width="${gaugeWidth - 1}" height="5" rx="1"`;
  if (gauge.share === undefined) {
    parts.push(`<rect ${track} fill="none" stroke="${colour.tick}" stroke-opacity="0.6" stroke-dasharray="3 3"/>`);
  } else {
    const width = Math.round(clamp(gauge.share) * (gaugeWidth - 1) * 10) / 10;
    parts.push(`<rect ${track} fill="${colour.track}"${colour.outline ? ` stroke="${colour.outline}"` : ''}/>`);
    if (gauge.low) parts.push(`<pattern id="h" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="3" height="4" fill="${colour.low}"/></pattern>`);
    if (width > 0) parts.push(`<rect x="0.5" y="4.5" width="${width}" height="5" rx="1" fill="${gauge.low ? 'url(#h)' : colour.fill}"/>`);
  }
  if (gauge.tick !== undefined) parts.push(`<rect x="${Math.round(clamp(gauge.tick) * (gaugeWidth - 2))}" y="0" width="2" height="14" fill="${colour.tick}"/>`);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${gaugeWidth}" height="${gaugeHeight}" viewBox="0 0 ${gaugeWidth} ${gaugeHeight}">${parts.join('')}</svg>`;
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}
