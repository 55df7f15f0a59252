// Many real Codex runs at once in a few workspaces, and a person who asks now and then through OpenAI's SDK, all
// against one upstream with tight limits: through a broker, or straight. It says what became of each of them.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import OpenAI from 'openai';
import { codexModel, runCodex } from './codexBench.ts';
import type { CodexRun, Route } from './codexBench.ts';
import { sleep } from './workbench.ts';

/** How many runs each workspace has, and how long the person thinks between an answer and the next question. */
export interface Crowd {
  readonly runs: Readonly<Record<string, number>>;
  readonly pauseMs: number;
}

/** Where the crowd works and asks. */
export interface CrowdPlace {
  readonly folder: string;
  readonly home: string;
  readonly route: Route;
  readonly person: { readonly baseURL: string; readonly apiKey: string };
}

/** A run, and whether it did what it was asked and said so. */
export interface CrowdRun extends CodexRun { readonly workspace: string; readonly isDone: boolean }

/** One question of the person. */
export interface Question { readonly isAnswered: boolean; readonly tookMs: number }

/** What became of it. */
export interface CrowdOutcome {
  readonly runs: readonly CrowdRun[];
  readonly questions: readonly Question[];
  /** Answers with status 429 that the person's program got. */
  readonly refusedQuestions: number;
  readonly tookMs: number;
}

/** What a run says at last that has written its file. */
const lastWords = (file: string) => `Done: I used a tool to write ${file}. This is practice mode, so the steps are real but no model thought about them.`;

/** About a thousand and a half tokens of a person's text. */
const question = `say in one sentence what this is about: ${'the limits of an upstream are used to the full and never exceeded. '.repeat(90)}`;

/** Lets the crowd work to its end. */
export async function playCrowd(crowd: Crowd, { folder, home, route, person }: CrowdPlace): Promise<CrowdOutcome> {
  const beganMs = performance.now();
  let areRunning = true;
  const asking = (async () => {
    const questions: Question[] = [];
    let refusedQuestions = 0;
    const counted: typeof fetch = async (...args) => {
      const answer = await fetch(...args);
      if (answer.status === 429) refusedQuestions += 1;
      return answer;
    };
    const client = new OpenAI({ ...person, fetch: counted });
    while (areRunning) {
      const askedMs = performance.now();
      const isAnswered = await client.responses.create({ model: codexModel, input: question }).then(({ output_text }) => output_text.includes('say in one sentence'), (error: unknown) => {
        if (error instanceof OpenAI.APIError) return false;
        throw error;
      });
      questions.push({ isAnswered, tookMs: performance.now() - askedMs });
      await sleep(crowd.pauseMs);
    }
    return { questions, refusedQuestions };
  })();
  const runs = await Promise.all(inTurn(crowd.runs).map(async ({ workspace, index }): Promise<CrowdRun> => {
    const work = path.join(folder, workspace);
    mkdirSync(work, { recursive: true });
    const file = `note${index}.txt`;
    const run = await runCodex(route, home, work, [`create ${file} with the text number ${index}`]);
    const written = path.join(work, file);
    return { ...run, workspace, isDone: run.lastMessage === lastWords(file) && existsSync(written) && readFileSync(written, 'utf8') === `number ${index}\n` };
  }));
  areRunning = false;
  return { runs, ...await asking, tookMs: performance.now() - beganMs };
}

/** The runs of all workspaces, one of each in turn: programs begin in this order, and all workspaces are to be there from the first moment on. */
function inTurn(runs: Crowd['runs']): { workspace: string; index: number }[] {
  return Array.from({ length: Math.max(...Object.values(runs)) }, (_, index) => Object.entries(runs).filter(([, count]) => index < count).map(([workspace]) => ({ workspace, index }))).flat();
}
