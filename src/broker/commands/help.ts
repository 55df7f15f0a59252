// What `codex-broker --help` says: every command with its options, in groups, at most 100 columns wide.

/** The help text. */
export const help = `codex-broker: paces, meters and pays for Codex requests from a credit balance

Run
  serve [--port N] [--upstream URL] [--chatgpt-upstream URL] [--api-key-env NAME | --api-key-stdin]
        [--config FILE] [--ca FILE] [--scenario FILE] [--idle-exit-ms N] [--no-keychain]
        [--no-runaway-guard] [--spread-plan]
        [--fallback-url URL --fallback-model MODEL [--fallback-when balance,window,unreachable]
        [--fallback-key-env NAME]] [--pass-through PREFIX]...
                                  run the broker; prints one JSON line when it accepts requests;
                                  what begins with a PREFIX, e.g. /v1/files, goes on unmetered
  token [--workspace PATH] [--renew]
                                  make or show a workspace's token and addresses; --renew replaces
                                  it, and the one before is refused from then on
  run [--workspace PATH] [--pay plan|credits] -- COMMAND ...
                                  run a command through the broker, e.g. codex exec "say hi"; Codex
                                  signed in with ChatGPT uses its plan, unless told otherwise
  route [--workspace PATH] [--codex-home DIR] [--profile NAME] [--pay plan|credits] [--yes]
                                  point Codex's own config.toml (or NAME.config.toml) at the broker:
                                  shows the difference, asks, keeps a copy; with --json and without
                                  --yes nothing is written. --expect HASH: only if still so
  route --undo|--status [--codex-home DIR] [--profile NAME]
                                  take it back; tell how it stands, exit code 0 when routed, else 1
  route --undo --all              take back every file that is routed, as uninstalling does
  sandbox [--port N] [--scenario FILE]
                                  the simulated upstream

Credits
  credits list                    balance, grants with their state, what is owed, allowances
  credits add AMOUNT [--kind included|promotional|purchased] [--starts ISO] [--expires ISO]
        [--priority N] [--models a,b*] [--workspaces PATH,...] [--for all|none|PATH] [--key ID]
        [--note TEXT]             lower priority burns first; --for: who may use purchased credits
  credits allow|deny|ask [--for all|PATH]
                                  answer for a workspace (this folder if none is named), or for all;
                                  ask takes an answer back
  credits allowance set ID AMOUNT --every day|week|month [--kind included|promotional]
        [--week-starts monday] [--time-zone NAME] [--models a,b*] [--workspaces PATH,...]
        [--priority N]            credits that come back by themselves
  credits allowance remove ID
  credits auto [off | --below AMOUNT --add AMOUNT --cap AMOUNT [--time-zone NAME]]
                                  add purchased credits by itself while less than that is left, up
                                  to a cap in each calendar month; without options: how it stands
  credits void GRANT [--disputed] [--reason TEXT] [--key ID]
                                  take a grant back; disputed: what was spent of it is owed
  credits refund ID AMOUNT [--reason TEXT] [--key ID]
                                  give back (a part of) what a request or attempt cost
  credits reconcile ID --input N --output N [--cached N] [--cache-write N] [--reasoning N]
        [--reason TEXT] [--key ID]
                                  correct the usage of a request or attempt
  voucher redeem CODE             add what a voucher gives, once
  voucher trust PUBLICKEY [--name NAME] | distrust ID | list
                                  whose vouchers this ledger takes
  voucher key FILE                make a private key to sign vouchers with; shows its public half
  voucher issue --amount AMOUNT --key FILE [--expires ISO] [--count N]
                                  print codes, one a line

Limits
  budget set ID LIMIT --per request|task|workspace|model|client|everything [--of NAME or PATH]
        [--unit credits|tokens] [--period day|week|month|life|24h] [--soft] [--even]
        [--time-zone NAME]        a cap of your own; without a period it counts for ever; --even:
                                  each day no more than the shares of the days begun so far
  budget list                     what is used, reserved and left of each, and when it ends
  budget remove ID
  policy [--unpriced refuse|ask|ceiling|allow] [--unattended refuse|allow]
                                  set or show what happens without a price, or without an answer
  release [--workspace PATH]      let tasks go on that looked out of hand: circles, sudden spending

Look
  status                          meter, balance, limits, budgets, queue
  usage [--by day|model|workspace|branch|client|command|file|thread|kind] [--since ISO] [--csv]
        [--without-imported]      what was used, summed
  insights [--days N] [--workspace PATH]
                                  what is worth knowing of the last 7 days (or N, at most 90)
  explain ID                      one request's decision, charge, corrections and entries
  explain --dry-run FILE [--workspace PATH]
                                  what would become of a JSON request body (- reads standard input);
                                  nothing is sent; exit code 0 whatever the decision is
  privacy                         what left this computer, by day and place, and what is kept here
  guard [--min-credits N] [--max-used PCT] [--workspace PATH]
                                  exit code 0 when there is enough left to go on, 1 when not
  export [--set requests|charges|entries|directives|grants|imports] [--format csv|json|jsonl]
        [--since ISO] [--out FILE] [--force]
                                  rows of the ledger
  import [--codex-home DIR] [--since ISO] [--dry-run]
                                  count what Codex used around the broker, from its session files;
                                  nothing is drawn for it, and it counts for no budget

Care
  audit [--full] [--no-keychain]  prove the ledger, also by what was noted of it outside:
                                  exit code 0 clean, 2 discrepancy, 3 unreadable
  backup [FILE]                   copy the ledger and prove the copy
  restore [--list]                the backups there are, and whether they add up
  restore FILE|newest             put one in the ledger's place, which is kept
  restore --accept                accept a ledger that once stood further; --no-keychain leaves the
                                  mark in the keychain alone
  wipe [--dry-run] [--yes] [--stop-requests] [--no-keychain]
                                  remove everything that is kept on this computer: tells what, asks;
                                  --stop-requests: also while requests run
  doctor [--no-keychain] [--upstream URL] [--ca FILE] [--codex PATH]
                                  a report on everything the broker depends on, without secrets;
                                  exit code 1 when something failed

  --data DIR (or CODEX_BROKER_DATA) chooses the data folder; --practice is practice mode, with a
  folder and a ledger of its own; --json prints data for programs. A date without a time begins at
  midnight here. AMOUNT is in credits; 25 credits are US$1.

  Exit codes: 0 done, 1 failed, 2 wrong use; import: 130 when Ctrl-C ended it; audit, guard,
  doctor, route and run say more above; run gives the command's own code, 126 and 127 when it
  could not be run or found.`;
