// `codex-broker policy`: what is done about models without a price, and about questions that nobody can answer.
import type { Policies } from '../../domain/directives.ts';
import { wordOf } from './argumentValues.ts';
import { policiesText } from './budgetTexts.ts';
import type { CommandIo } from './commandIo.ts';
import { readOptions } from './commandIo.ts';
import { withControl } from './withControl.ts';

const unpricedRules: readonly Policies['unpriced'][] = ['refuse', 'ask', 'ceiling', 'allow'];
const unattendedRules: readonly Policies['unattended'][] = ['refuse', 'allow'];

/** `codex-broker policy [--unpriced …] [--unattended …]`: sets what is named, and shows what holds. */
export async function policy(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = readOptions(args, { unpriced: { type: 'string' }, unattended: { type: 'string' } });
  const unpriced = values.unpriced === undefined ? undefined : wordOf('unpriced', values.unpriced, unpricedRules);
  const unattended = values.unattended === undefined ? undefined : wordOf('unattended', values.unattended, unattendedRules);
  return withControl(values, io, unpriced === undefined && unattended === undefined ? 'read' : 'change', async ({ api }) => {
    if (unpriced !== undefined) await api.policySet({ name: 'unpriced', value: unpriced });
    if (unattended !== undefined) await api.policySet({ name: 'unattended', value: unattended });
    const { policies } = await api.status({});
    io.out(values.json ? JSON.stringify(policies) : policiesText(policies));
    return 0;
  });
}
