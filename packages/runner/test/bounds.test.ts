/** Numbers that nobody can mean are refused with the option's name, before anything is allocated for them. */
import test from 'ava';
import { CommanderError } from 'commander';
import { pruneCommand } from '../src/usage/prune.ts';
import { runCommand } from '../src/usage/run.ts';
import { speedCommand } from '../src/usage/speed.ts';
import { timeCommand } from '../src/usage/time.ts';

for (const [make, option, value] of [
  [runCommand, '--seeds', '1e9'],
  [runCommand, '--workers', '100000'],
  [pruneCommand, '--seeds', '1e9'],
  [timeCommand, '--batch', '1,1e8'],
  [timeCommand, '--rounds', '1e12'],
  [speedCommand, '--threads', '100000'],
] as const)
  test(`${make().name()} ${option} ${value} is refused by name`, async (t) => {
    const said: string[] = [];
    const command = make()
      .exitOverride()
      .configureOutput({ writeErr: (text) => said.push(text) });
    await t.throwsAsync(command.parseAsync(['some', option, value], { from: 'user' }), { instanceOf: CommanderError });
    t.regex(
      said.join(''),
      new RegExp(`error: option '${option} .*is invalid\\. It must be a whole number from 1 to \\d+\\.`),
    );
  });
