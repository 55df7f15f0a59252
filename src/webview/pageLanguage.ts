// The page's language, set before any other file of the page runs: main.ts imports this one first. The frame carries
// the tag and, where there is a translation, the sentences.
import { setLanguage, type Sentences } from '../protocol/language.ts';

const block = document.getElementById('sentences')?.textContent;
setLanguage({ tag: document.documentElement.lang || 'en', ...(block ? { sentences: JSON.parse(block) as Sentences } : {}) });
