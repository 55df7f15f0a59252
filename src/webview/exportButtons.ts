// The row of links that let a person take along what an area shows: as CSV, JSON or Markdown, and its chart as a picture.
import { html } from 'lit';
import type { TemplateResult } from 'lit';
import { inEnglish, t } from '../protocol/language.ts';
import { chartPicture } from './chartPicture.ts';
import type { PictureWords } from './chartPicture.ts';
import type { Asking } from './pageQuestions.ts';
import { fileName, tableFormats, tableText } from './shownTable.ts';
import type { ShownTable, TableFormat } from './shownTable.ts';
import { icon } from './view.ts';

const formatTitles = { csv: 'CSV', json: 'JSON', md: 'Markdown' } as const;

/** Buttons for a table. @param name what the file is called, in parts */
export function exportButtons(asking: Pick<Asking, 'save'>, name: readonly string[], table: () => ShownTable): TemplateResult {
  return html`<span class="exports" role="group" aria-label=${t('Export what is shown')}>${icon('export', 's')}${tableFormats.map((format) => html`<button type="button" class="link" data-test="export-${format}" aria-label=${t('Export as {0}', formatTitles[format])}
    @click=${() => asking.save({ name: fileName(name, format), to: 'file', content: contentOf(table, format), encoding: 'text' })}>${formatTitles[format]}</button>`)}</span>`;
}

/** Markdown is for people; data has English names, so that a program reads it whatever the page's language. */
function contentOf(table: () => ShownTable, format: TableFormat): string {
  return format === 'md' ? tableText(table(), format) : inEnglish(() => tableText(table(), format));
}

/** A button for the picture of a chart. @param told title, range and legend, which are drawn around it */
export function pictureButton(asking: Pick<Asking, 'save'>, name: readonly string[], canvasOf: () => HTMLCanvasElement | undefined, told: () => PictureWords, hook = 'export-png'): TemplateResult {
  const save = () => {
    const canvas = canvasOf();
    if (canvas) asking.save({ name: fileName(name, 'png'), to: 'file', content: chartPicture(canvas, told()), encoding: 'base64' });
  };
  return html`<button type="button" class="link picture" data-test=${hook} @click=${save}>${t('Save picture')}</button>`;
}
