// The drawing library as a script of its own, which the page loads with its first chart: most looks at the page need
// none, and it is a fifth of the page.
import uPlot from 'uplot';
import { plotName } from './plotLibrary.ts';

Object.assign(window, { [plotName]: uPlot });
