// Several programs at the same time without a muddle: as many as the processors have time for, begun in their order, and
// what each of them says shown as if they had run one after the other.

/** Loads that run at once on a machine of many processors; more would need too much of its memory. */
const loadsMax = 4;

/**
 * How many loads of one processor may run at once: a quarter more than there are processors, since nothing keeps its own busy
 * all the time.
 * @param {number} processors
 */
export function loadsFor(processors) {
  return Math.min(loadsMax, processors * 1.25);
}

/** How much is kept back of what one of them says; the newest part wins. */
const keptCharsMax = 2_000_000;

/**
 * Lets work begin in the order in which it was handed in, once there is room for it. After a rejection nothing more begins.
 * @param {number} loads how many loads of 1 there is room for; a greater load waits until it is alone
 * @returns {<T>(load: number, work: () => Promise<T>) => Promise<T>}
 */
export function inTurns(loads) {
  const waiting = [];
  let taken = 0;
  let running = 0;
  let stopped;
  const next = () => {
    if (stopped) for (const { reject } of waiting.splice(0)) reject(stopped.reason);
    while (waiting.length > 0 && (running === 0 || taken + waiting[0].load <= loads)) start(waiting.shift());
  };
  const start = ({ load, work, resolve, reject }) => {
    taken += load;
    running += 1;
    work().then(resolve, (reason) => {
      stopped ??= { reason };
      reject(reason);
    }).finally(() => {
      taken -= load;
      running -= 1;
      next();
    });
  };
  return (load, work) => new Promise((resolve, reject) => {
    waiting.push({ load, work, resolve, reject });
    next();
  });
}

/**
 * Places for texts, shown in the order in which the places were made: the first that is still open is shown as it is written,
 * those after it are kept back.
 * @param {(text: string) => void} show
 * @returns {() => { write: (text: string) => void, end: () => void }} makes the next place
 */
export function inOrder(show) {
  const places = [];
  const flush = () => {
    while (places.length > 0) {
      const [first] = places;
      if (first.kept !== '') show(first.kept);
      first.kept = '';
      if (!first.hasEnded) return;
      places.shift();
    }
  };
  return () => {
    const place = { kept: '', hasEnded: false };
    places.push(place);
    return {
      write: (text) => { place.kept = (place.kept + text).slice(-keptCharsMax); flush(); },
      end: () => { place.hasEnded = true; flush(); },
    };
  };
}
