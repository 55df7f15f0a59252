// Fetches the drawing library once, when the first chart is to be drawn. The frame names its address and its nonce on the
// page's own script, so that its policy needs no further source.
import type uPlot from 'uplot';

/** The library: makes plots. */
export type PlotLibrary = typeof uPlot;

/** Where the library's script leaves it. */
export const plotName = 'codexPlot';

let loading: Promise<PlotLibrary> | undefined;

/** The library. Rejects where its script cannot be loaded; the next call tries again. */
export function plotLibrary(): Promise<PlotLibrary> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(): Promise<PlotLibrary> {
  await pageLoaded();
  return new Promise((resolve, reject) => {
    const own = document.querySelector<HTMLScriptElement>('script[data-plot]');
    const script = document.createElement('script');
    script.nonce = own?.nonce ?? '';
    script.src = own?.dataset['plot'] ?? '';
    script.addEventListener('load', () => resolve((window as unknown as Record<string, PlotLibrary>)[plotName]!));
    script.addEventListener('error', () => reject(new Error('the drawing library could not be loaded')));
    document.head.append(script);
  });
}

/** VS Code shows the page with its load event, which waits for every script that was asked for before it. */
function pageLoaded(): Promise<void> {
  if (document.readyState === 'complete') return Promise.resolve();
  return new Promise((resolve) => { window.addEventListener('load', () => resolve(), { once: true }); });
}
