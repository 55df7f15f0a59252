// What the status bar says, from what is known: one state, at most 14 characters in English, always with the
// word that tells what the number is. Pure, so that every state has its test and its picture.
import { plural, t } from './language.ts';
import type { Amount } from './meterAmount.ts';
import { amountOf, fitting, headline, type Painted } from './meterHeadline.ts';
import type { MeterFace, MeterInput } from './meterState.ts';
import { ordinal } from './ordinalWords.ts';

/** Numbers younger than this need no age: a connection that comes back at once must not flicker. */
export const agedAfterMs = 60_000;

/** Paints the meter. */
export function meterFace(input: MeterInput): MeterFace {
  const { snapshot } = input;
  if (input.link === 'down') {
    return { state: 'broker-down', icon: 'debug-disconnect', text: t('Broker down'), spoken: t('Codex broker is not running'), action: 'startBroker', background: 'error' };
  }
  if (!snapshot) return { state: 'loading', icon: 'loading~spin', text: 'Codex', spoken: t('Codex usage, loading'), action: 'dashboard' };
  if (input.link === 'connecting') return staleFace(snapshot, headline(input, snapshot), amountOf(input, snapshot));
  if (snapshot.question) {
    const { text, count } = snapshot.question;
    const asked = count === 1 ? t('A request waits for your answer.') : plural(count, '{0} request waits for your answer.', '{0} requests wait for your answer.');
    return { state: 'asks', icon: 'question', text: t('Asks you'), action: 'answer', background: 'warning', spoken: `${asked} ${text}` };
  }
  if (snapshot.waiting) return waitingFace(snapshot.waiting);
  if (!snapshot.practice && snapshot.keyMissing) {
    return { state: 'no-key', icon: 'key', text: t('Add key'), spoken: t('Codex broker: no API key stored'), action: 'setApiKey' };
  }
  if (!snapshot.practice && snapshot.keyRejected) {
    return { state: 'key-rejected', icon: 'key', text: t('Key rejected'), spoken: t('OpenAI rejected the stored API key. Store a valid one to go on'), action: 'setApiKey', background: 'warning' };
  }
  const { face } = headline(input, snapshot);
  const { calm: _calm, ...attentive } = face;
  const told = snapshot.problem === undefined ? face : { ...attentive, icon: face.state === 'blocked' ? face.icon : 'warning', spoken: `${face.spoken}. ${snapshot.problem}` };
  if (!snapshot.practice) return told;
  // The same words as with real credits, so that practice teaches what they mean. The beaker tells it apart in place of the
  // icon that says nothing; one that says how it stands is needed where no colour is seen.
  return { ...told, state: 'practice', icon: told.icon === 'dashboard' ? 'beaker' : told.icon, spoken: `${t('Practice mode, simulated requests.')} ${told.spoken}` };
}

function waitingFace({ place, startsInMs }: NonNullable<Picture['waiting']>): MeterFace {
  const face = { state: 'waiting', icon: 'history', action: 'dashboard' } as const;
  if (place === undefined) return { ...face, text: t('Waiting'), spoken: t('A request waits until running requests give back what they do not use') };
  const [seconds, nth] = [startsInMs === undefined ? undefined : Math.max(1, Math.ceil(startsInMs / 1000)), ordinal(place)];
  return {
    ...face, text: seconds === undefined || seconds > 999 ? t('{0} in line', nth) : t('{0} · {1} s', nth, seconds),
    spoken: seconds === undefined ? t('A request is {0} in line', nth) : plural(seconds, 'A request is {1} in line, starts in about {0} second', 'A request is {1} in line, starts in about {0} seconds', nth),
  };
}

/** The last number, dimmed, with its age once that matters. */
function staleFace(snapshot: Picture, { face: last, number: lastNumber }: Painted, amount: Amount): MeterFace {
  const face = { state: 'stale', icon: 'sync~spin', action: 'dashboard', dimmed: true, ...(last.share === undefined ? {} : { share: last.share }) } as const;
  // Whether it is blocked is not known any more; the number is the last one all the same.
  const { text, spoken } = lastNumber === undefined ? amount : last;
  const told = t('{0} at {1}; connecting to the broker again', spoken, snapshot.asOf);
  return { ...face, text: snapshot.ageMs < agedAfterMs ? text : agedText(lastNumber ?? amount.number, snapshot.ageMs), spoken: told };
}

function agedText(number: string, ageMs: number): string {
  const minutes = Math.floor(ageMs / 60_000);
  if (minutes < 60) return fitting(t('{0} · {1} min', number, minutes), t('{0} · {1}m', number, minutes), t('{0} min old', minutes));
  const hours = Math.floor(minutes / 60);
  if (minutes < 2880) return fitting(t('{0} · {1} h', number, hours), t('{0} · {1}h', number, hours), t('{0} h old', hours));
  const days = Math.min(999, Math.floor(minutes / 1440));
  return fitting(t('{0} · {1} d', number, days), t('{0} · {1}d', number, days), t('{0} d old', days));
}

type Picture = NonNullable<MeterInput['snapshot']>;
