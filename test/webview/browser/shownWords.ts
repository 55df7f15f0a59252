// What a page shows as words, wherever they stand: texts, names for people who cannot see, hints and placeholders. And what
// is too long for its place.
import type { Page } from 'playwright-core';

/** Everything that is read on the page, each text once. What is in no language, such as an empty text, is left out. */
export function shownWords(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const words = new Set<string>();
    const read = (root: Document | ShadowRoot) => {
      for (const element of root.querySelectorAll('*')) {
        if (element.shadowRoot) read(element.shadowRoot);
        if (element.closest('head, script, style') || !element.checkVisibility() && !element.closest('option')) continue;
        for (const name of ['aria-label', 'aria-description', 'aria-valuetext', 'title', 'placeholder', 'alt', 'label']) words.add(element.getAttribute(name) ?? '');
        for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) words.add((node.textContent ?? '').replace(/\s+/g, ' ').trim());
      }
    };
    read(document);
    return [...words].filter((text) => /\p{L}/u.test(text));
  });
}

/** What does not fit: a page that scrolls sideways, and each control, cell or line whose words are cut off or stand outside of the page. */
export function cutWords(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    // What an explanation beside the page has further down, one scrolls to.
    const isScrolled = (element: HTMLElement | null): boolean => element !== null && (/auto|scroll/.test(getComputedStyle(element).overflowX) || isScrolled(element.parentElement));
    const found = scrollWidth > clientWidth ? [`the page scrolls sideways: ${scrollWidth} of ${clientWidth} pixels`] : [];
    for (const element of document.querySelectorAll<HTMLElement>('button, vscode-button, label, legend, select, th, td, dt, dd, h1, h2, h3, p, li, .tag')) {
      // What is only heard is one pixel wide, and what ends in an ellipsis tells the rest in its title.
      if (!element.checkVisibility() || element.closest('.sr, .ell') || element.querySelector('.sr, .ell')) continue;
      const { left, right } = element.getBoundingClientRect();
      const isOutside = (left < -0.5 || right > clientWidth + 0.5) && !isScrolled(element);
      const isCut = element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline';
      if (isOutside || isCut) found.push(`${element.localName} "${element.innerText.slice(0, 60)}" ${isOutside ? 'stands outside of the page' : `needs ${element.scrollWidth} of ${element.clientWidth} pixels`}`);
    }
    return found;
  });
}
