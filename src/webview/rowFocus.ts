// One tab stop per table: the arrow keys move between its rows' buttons, so that a long table does
// not stand in the way of the Tab key. It moves the focus and changes nothing else.

function stopsOf(table: Element): HTMLElement[] {
  return [...table.querySelectorAll<HTMLElement>('[data-row-stop]:not([disabled])')];
}

function makeOnlyStop(stops: readonly HTMLElement[], chosen: HTMLElement): void {
  for (const stop of stops) stop.tabIndex = stop === chosen ? 0 : -1;
}

/** Keeps exactly one tab stop in each table after its rows changed. */
export function settleRowStops(root: Element): void {
  for (const table of root.querySelectorAll('table[data-rows]')) {
    const stops = stopsOf(table);
    const current = stops.find((stop) => stop === document.activeElement) ?? stops.find((stop) => stop.getAttribute('tabindex') === '0') ?? stops[0];
    if (current) makeOnlyStop(stops, current);
  }
}

/** Moves by row on an arrow key, and to the ends with Home and End; answers whether it did. */
export function moveByRow(event: KeyboardEvent): boolean {
  const target = event.target instanceof HTMLElement ? event.target : undefined;
  const table = target?.closest('table[data-rows]');
  if (!target || !table || !target.hasAttribute('data-row-stop')) return false;
  const stops = stopsOf(table);
  const index = stops.indexOf(target);
  const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: stops.length - 1 }[event.key];
  const next = to === undefined ? undefined : stops[to];
  if (!next) return false;
  event.preventDefault();
  makeOnlyStop(stops, next);
  next.focus();
  return true;
}
