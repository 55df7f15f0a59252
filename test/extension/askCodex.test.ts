// Asking, over real HTTP against a fake broker: the answer streams into an
// editor with its cost, a refusal is told with its cure, and a cancel ends the request.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import type * as vscode from 'vscode';
import { errorBody, problem } from '../../src/domain/problem.ts';
import { setLanguage } from '../../src/protocol/language.ts';
import { german } from '../support/language/spokenIn.ts';
import { AnswerDocuments, answerScheme, answersMax } from '../../src/extension/answerDocument.ts';
import { answerLens } from '../../src/extension/answerLens.ts';
import { askAbout, type AskParts } from '../../src/extension/askCodex.ts';
import { loopbackRequest } from '../../src/extension/loopbackHttp.ts';
import { selectionSubject } from '../../src/extension/selectionSubject.ts';
import { fakeEditor, type FakeEditor } from '../support/fakeEditor.ts';
import { pseudo, spokenIn, untranslated } from '../support/language/spokenIn.ts';
import { fakeWorkspaceToken, startFakeBroker, type FakeBroker } from './fakeBroker.ts';
import { eventually, realSchedule } from './manualSchedule.ts';

const event = (response: ServerResponse, value: { readonly type: string }) => response.write(`event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`);

describe('ask Codex', function slowMachine() {
  this.timeout(30_000);
  let broker: FakeBroker;
  let fake: FakeEditor;
  let parts: AskParts;
  let answers: AnswerDocuments;
  let passes = true;
  beforeEach(async () => {
    passes = true;
    broker = await startFakeBroker();
    fake = fakeEditor({ extensionDir: '/ext', storageDir: '/storage', folder: '/w' });
    fake.selection = { text: 'const a = 1; // ``` fence', fileName: '/w/src/a.ts', languageId: 'typescript' };
    fake.answers.push('Why one?');
    answers = new AnswerDocuments();
    fake.editor.workspace.registerTextDocumentContentProvider(answerScheme, answers);
    parts = {
      answers, practice: () => false,
      editor: fake.editor, log: fake.log, schedule: realSchedule, request: loopbackRequest, model: () => 'gpt-5.4-mini', passGate: async () => passes,
      workspace: { folder: '/w', forget: () => undefined, token: async () => ({ token: fakeWorkspaceToken, workspaceId: 'ws_1', baseUrl: `${broker.url}/v1`, codexBaseUrl: '' }) },
      call: (async (_method: string, { id }: { id: string }) => ({
        id, model: 'gpt-5.4-mini', charge: { costMicroCredits: 120_000 }, attempts: [{ outcome: 'completed', usage: { inputTokens: 1_204, outputTokens: 310 } }], entries: [], story: [],
      })) as unknown as AskParts['call'],
    };
  });
  afterEach(() => broker.close());
  const askAboutSelection = (of: AskParts) => askAbout(of, () => selectionSubject(fake.editor));
  const answerWith = (write: (response: ServerResponse) => void) => {
    broker.responses = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': 'req_9' });
      write(response);
    };
  };

  it('streams the answer into an editor and closes with the cost', async () => {
    let body = '';
    let path: string | undefined;
    broker.responses = (request, response, sent) => {
      body = sent;
      path = request.url;
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': 'req_9' });
      for (const delta of ['Because ', 'it is ', 'ünö 🙂.']) event(response, { type: 'response.output_text.delta', delta } as never);
      event(response, { type: 'response.completed', response: {} } as never);
      response.end();
    };
    await askAboutSelection(parts);
    const [page] = fake.documents;
    assert.equal(page?.path, '/Why one.md');
    assert.equal(page?.text, '# Why one?\n\nBecause it is ünö 🙂.\n\n---\n\ngpt-5.4-mini · 1,204 tokens in, 310 out · 0.12 credits (< $0.01) · request req_9  \nWhy: `codex-broker explain req_9`\n');
    assert.deepEqual(fake.shown.map(({ kind }) => kind), ['input'], 'who has the answer in view is not told of it beside');
    assert.equal(path, '/v1/responses');
    const sent = JSON.parse(body) as { model: string; stream: boolean; store: boolean; input: [{ content: [{ text: string }] }] };
    assert.deepEqual([sent.model, sent.stream, sent.store], ['gpt-5.4-mini', true, false]);
    assert.ok(sent.input[0].content[0].text.includes('````typescript\nconst a = 1; // ``` fence\n````\n\nQuestion: Why one?'));
    assert.equal(broker.requests.at(-1)?.headers.authorization, `Bearer ${fakeWorkspaceToken}`);
    const log = fake.logLines.join('\n');
    assert.ok(log.includes('req_9') && !log.includes('Why one') && !log.includes('const a') && !log.includes(fakeWorkspaceToken), log);
  });

  it('tells the broker its command and the file within the folder, where that is kept from the upstream', async () => {
    answerWith((response) => { event(response, { type: 'response.completed', response: {} } as never); response.end(); });
    const toldOf = async (fileName: string, takesOrigin: boolean) => {
      fake.selection = { text: 'x', fileName, languageId: 'plaintext' };
      fake.answers.push('Why?');
      const token = { token: fakeWorkspaceToken, workspaceId: 'ws_1', baseUrl: `${broker.url}/v1`, codexBaseUrl: '', ...(takesOrigin ? { takesOrigin } as const : {}) };
      await askAboutSelection({ ...parts, workspace: { ...parts.workspace, token: async () => token } });
      const { headers } = broker.requests.at(-1)!;
      return [headers['x-codex-broker-command'], headers['x-codex-broker-file']];
    };
    fake.answers.length = 0;
    assert.deepEqual(await toldOf('/w/src/ünö 🙂.ts', true), ['ask-selection', encodeURIComponent('src/ünö 🙂.ts')]);
    for (const elsewhere of ['/other/secret.ts', '/w', '/w2/a.ts', 'Untitled-1']) assert.deepEqual(await toldOf(elsewhere, true), ['ask-selection', undefined], elsewhere);
    assert.deepEqual(await toldOf('/w/..a.ts', true), ['ask-selection', '..a.ts']);
    const long = await toldOf(`/w/${'a'.repeat(300)}/end.ts`, true);
    assert.match(decodeURIComponent(String(long[1])), /^…a+\/end\.ts$/);
    assert.equal(decodeURIComponent(String(long[1])).length, 200);
    // A broker that does not know of it would send it on.
    assert.deepEqual(await toldOf('/w/src/a.ts', false), [undefined, undefined]);
  });

  it('speaks of practice credits in practice mode, and leads from the answer to its explanation', async () => {
    answerWith((response) => { event(response, { type: 'response.completed', response: {} } as never); response.end(); });
    const lenses = () => {
      const text = fake.documents[0]?.text ?? '';
      const document = { uri: fake.visible[0]?.uri, lineCount: text.split('\n').length } as vscode.TextDocument;
      return { text, lenses: answerLens(fake.editor, answers).provideCodeLenses(document, undefined as never) as vscode.CodeLens[] };
    };
    const { call } = parts;
    await askAboutSelection({ ...parts, practice: () => true, call: (async (...asked: Parameters<typeof call>) => { assert.deepEqual(lenses().lenses, [], 'not while it is written'); return call(...asked); }) as typeof call });
    const { text, lenses: [lens, ...more] } = lenses();
    assert.deepEqual([lens?.command, more], [{ title: 'Explain', command: 'codexBroker.explainRequest', arguments: ['req_9'] }, []]);
    assert.match(text.split('\n')[lens?.range.start.line ?? 0] ?? '', /0\.12 practice credits · request req_9/);
  });

  it('tells who turned elsewhere that the answer is there, with the way back and the explanation', async () => {
    const turnAway = () => { fake.visible.length = 0; };
    for (const [button, done] of [['Show Answer', () => fake.visible.length === 1], ['Explain', () => fake.executed.length === 1]] as const) {
      answerWith((response) => { event(response, { type: 'response.output_text.delta', delta: 'x' } as never); setTimeout(() => { turnAway(); event(response, { type: 'response.completed', response: {} } as never); response.end(); }, 50); });
      fake.answers.push(button);
      await askAboutSelection(parts);
      assert.deepEqual([fake.shown.at(-1)?.message, fake.shown.at(-1)?.buttons], ['Answered · gpt-5.4-mini · 1,204 tokens in, 310 out · 0.12 credits (< $0.01)', ['Show Answer', 'Explain']]);
      await eventually(`${button} was done`, done);
      fake.answers.push('Why one?');
    }
    assert.deepEqual(fake.executed, [{ command: 'codexBroker.explainRequest', values: ['req_9'] }]);
  });

  it('keeps a bounded number of answers, and says so of an older one', async () => {
    const kept = new AnswerDocuments();
    for (let index = 0; index <= answersMax; index += 1) await kept.open(fake.editor, realSchedule, '?!', `text ${index}`, () => undefined);
    const text = (query: string) => kept.provideTextDocumentContent(fake.editor.Uri.from({ scheme: answerScheme, path: '/Answer.md', query }));
    assert.match(text('1'), /not kept any more/);
    assert.deepEqual([text('2'), text(String(answersMax + 1))], ['text 1', `text ${answersMax}`]);
    assert.equal(fake.documents[0]?.path, '/Codex Answer.md');
  });

  it('says all of it in the language of the editor', async () => {
    await spokenIn(pseudo, async () => {
      for (const type of ['response.completed', 'response.incomplete']) {
        answerWith((response) => { event(response, { type, response: {} } as never); response.end(); });
        await askAboutSelection(parts);
        fake.answers.push('Why one?');
      }
      Object.defineProperty(fake.editor.window, 'visibleTextEditors', { value: [] });
      await askAboutSelection(parts);
      fake.selection = { text: 'x'.repeat(400_001), fileName: 'a', languageId: 'x' };
      await askAboutSelection(parts);
      fake.selection = undefined;
      await askAboutSelection(parts);
    });
    const said = [...fake.shown.flatMap(({ message, buttons }) => [message, ...buttons]), ...fake.documents.map(({ text }) => text), ...fake.titles, ...fake.progress].join('\n');
    assert.ok(said.includes('⟦The model stopped before it was done.⟧') && said.includes('400,000'), said);
    assert.equal(untranslated(said, ['Why one', 'gpt-5.4-mini', 'codex-broker explain', 'req_9', 'Codex']), '');
  });

  it('tells a refusal with its cure, without an editor', async () => {
    broker.responses = (_request, response) => { response.writeHead(402, { 'x-request-id': 'req_9' }).end(JSON.stringify({ error: { code: 'credits_exhausted', message: 'No credits are left.', type: 'insufficient_quota', param: null } })); };
    fake.answers.push('Top Up');
    await askAboutSelection(parts);
    assert.equal(fake.documents.length, 0);
    assert.match(fake.shown.at(-1)?.message ?? '', /^No credits are left\. Add credits with/);
    assert.deepEqual(fake.executed.map(({ command }) => command), ['codexBroker.topUp']);
  });

  it('tells a refusal in the language of the editor', async () => {
    const refused = problem('credits_exhausted', 'This request may cost up to {0} credits and {1} are free. Nothing was sent and nothing was charged.', { values: [{ credits: 1_500_000, decimals: 2 }, { credits: 0, decimals: 2 }] });
    broker.responses = (_request, response) => { response.writeHead(402, { 'x-request-id': 'req_9' }).end(JSON.stringify(errorBody(refused))); };
    setLanguage(german);
    try {
      await askAboutSelection(parts);
    } finally {
      setLanguage({ tag: 'en' });
    }
    assert.match(fake.shown.at(-1)?.message ?? '', /^Diese Anfrage kann bis zu 1,50 Credits kosten, und 0,00 sind frei\. Es wurde nichts gesendet und nichts berechnet\. Fügen Sie Credits mit „Codex Broker: Credits hinzufügen“/);
  });

  it('keeps what arrived when the answer breaks off or fails, and says so', async () => {
    answerWith((response) => {
      event(response, { type: 'response.output_text.delta', delta: 'Half' } as never);
      setTimeout(() => response.destroy(), 50);
    });
    await askAboutSelection(parts);
    assert.match(fake.documents[0]?.text ?? '', /Half\n\n---\n\nThe answer broke off before its end\..*0\.12 credits/s);
    answerWith((response) => { event(response, { type: 'response.failed', response: { error: { message: 'model overloaded' } } } as never); response.end(); });
    fake.answers.push('Again?');
    await askAboutSelection(parts);
    assert.match(fake.documents[1]?.text ?? '', /The model's answer failed: model overloaded\./);
  });

  it('ends the request when it is cancelled, in the stream and before it began', async () => {
    let gone = 0;
    answerWith((response) => {
      response.on('close', () => { gone += 1; });
      event(response, { type: 'response.output_text.delta', delta: 'Begin' } as never);
    });
    const running = askAboutSelection(parts);
    await eventually('text arrived', () => fake.documents[0]?.text.includes('Begin') === true);
    fake.cancel();
    await running;
    await eventually('the request has ended', () => gone === 1);
    assert.match(fake.documents[0]?.text ?? '', /Cancelled\./);

    broker.responses = (_request, response) => { response.on('close', () => { gone += 1; }); };
    fake.answers.push('Once more?');
    const waiting = askAboutSelection(parts);
    const before = broker.requests.length;
    await eventually('the request is there', () => broker.requests.length > before);
    fake.cancel();
    await waiting;
    await eventually('the waiting request has ended', () => gone === 2);
    assert.equal(fake.documents.length, 1);
  });

  it('ends the request when its editor is closed', async () => {
    let gone = false;
    answerWith((response) => {
      const timer = setInterval(() => event(response, { type: 'response.output_text.delta', delta: 'x' } as never), 20);
      response.on('close', () => { gone = true; clearInterval(timer); });
    });
    const running = askAboutSelection(parts);
    await eventually('text arrived', () => fake.documents[0]?.text.endsWith('x') === true);
    const [page] = fake.documents;
    if (page) page.closed = true;
    await running;
    await eventually('the request has ended', () => gone);
  });

  it('sends nothing without a selection, a question or the gate\'s word', async () => {
    passes = false;
    await askAboutSelection(parts);
    passes = true;
    fake.answers.length = 0;
    await askAboutSelection(parts);
    fake.selection = { text: '', fileName: 'a', languageId: 'x' };
    await askAboutSelection(parts);
    fake.selection = { text: 'x'.repeat(400_001), fileName: 'a', languageId: 'x' };
    await askAboutSelection(parts);
    fake.selection = undefined;
    await askAboutSelection(parts);
    await askAbout(parts, () => undefined);
    assert.equal(broker.requests.length, 0);
  });

  it('asks about whatever it is given, says in the box what is sent, and makes no link of a name', async () => {
    let body = '';
    broker.responses = (_request, response, sent) => {
      body = sent;
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': 'req_9' });
      event(response, { type: 'response.completed', response: {} } as never);
      response.end();
    };
    await askAbout(parts, async () => ({ command: 'ask-failed-command', title: 'Ask About It', example: 'Why?', note: '"[x](command:y)" failed.', text: 'The secret command.' }));
    assert.deepEqual([fake.titles[0], fake.titles[1], fake.shown[0]?.message], ['Ask About It', 'Why?', '"[x] (command:y)" failed. gpt-5.4-mini answers; the cost is shown at the end.']);
    assert.ok(JSON.stringify(JSON.parse(body)).includes('The secret command.\\n\\nQuestion: Why one?'), body);
    assert.match(fake.logLines.join('\n'), /Question answered \(ask-failed-command\)/);
    assert.doesNotMatch(fake.logLines.join('\n'), /secret/);
    await askAbout(parts, () => ({ sorry: 'No [x](command:y) here.', isWarning: true }));
    assert.deepEqual([fake.shown.at(-1)?.kind, fake.shown.at(-1)?.message], ['warning', 'No [x] (command:y) here.']);
    await askAbout(parts, async () => { throw new Error('sentence with a secret'); });
    assert.match(fake.shown.at(-1)?.message ?? '', /^Asking Codex failed for an unexpected reason/);
  });
});
