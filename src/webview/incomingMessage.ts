// Checks what arrives by `postMessage` before the page believes it. Only messages whose type and
// outer shape the page knows get through; anything else is dropped, because frames and browser
// tools post messages of their own.
import type { ExtensionMessage } from '../protocol/dashboardMessages.ts';
import type { QuestionAbout } from '../protocol/dashboardQuestions.ts';

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

const linkStates: readonly unknown[] = ['connecting', 'connected', 'down'];

/** The lists that each answer is painted from. */
const answerLists: Readonly<Record<QuestionAbout, readonly string[]>> = { history: ['groups', 'steps', 'costs'], saving: [], entries: ['rows'], happenings: ['rows'], course: [], insights: ['insights'] };

/** Whether an answer is of a known kind and carries a problem, or a result with its lists. */
function isAnswer({ about, result, problem }: Record<string, unknown>): boolean {
  if (typeof about !== 'string' || !Object.hasOwn(answerLists, about)) return false;
  return isRecord(problem) || isRecord(result) && answerLists[about as QuestionAbout].every((name) => Array.isArray(result[name]));
}

function isState({ link, locale, snapshot }: Record<string, unknown>): boolean {
  return isRecord(link) && linkStates.includes(link['state']) && typeof locale === 'string' && (snapshot === undefined || isRecord(snapshot));
}

/** The message if it is one that the side bar is sent, else undefined. */
export function sidebarMessage(data: unknown): ExtensionMessage | undefined {
  const isOne = isRecord(data) && (data['type'] === 'state' ? isState(data) : (data['type'] === 'cancelResult' || data['type'] === 'changeResult') && Number.isInteger(data['id']));
  return isOne ? data as unknown as ExtensionMessage : undefined;
}

/** The message if it is one of the extension's, else undefined. */
export function incomingMessage(data: unknown): ExtensionMessage | undefined {
  if (!isRecord(data)) return undefined;
  switch (data['type']) {
    case 'state':
      return isState(data) ? data as ExtensionMessage : undefined;
    case 'openTopUp':
      return { type: data['type'] };
    case 'openBudgets':
      return { type: data['type'], ...(typeof data['budgetId'] === 'string' ? { budgetId: data['budgetId'] } : {}) };
    case 'openRequest':
      return typeof data['requestId'] === 'string' ? { type: data['type'], requestId: data['requestId'] } : undefined;
    case 'topUpResult':
    case 'allowResult':
    case 'changeResult':
    case 'explainResult':
    case 'cancelResult':
    case 'saveResult':
      return Number.isInteger(data['id']) ? data as ExtensionMessage : undefined;
    case 'answer':
      return Number.isInteger(data['id']) && isAnswer(data) ? data as ExtensionMessage : undefined;
    default:
      return undefined;
  }
}
