#!/usr/bin/env node
// The command line: `kindling <command>`. Each command is a file; errors of the user are one clear message, never a stack trace.
import { Command, CommanderError } from 'commander'
import { KindlingError } from '../index.ts'
import { doctorCommand } from './doctor.ts'
import { predictCommand } from './predict.ts'
import { summaryCommand } from './summary.ts'
import { trainCommand } from './train.ts'
import { UserError } from './userError.ts'

const program = new Command('kindling')
  .description('Train and use neural networks: PyTorch for TypeScript.')
  .showHelpAfterError('(add --help for all options)')
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })

for (const command of [trainCommand(), predictCommand(), summaryCommand(), doctorCommand()]) {
  command.exitOverride().copyInheritedSettings(program)
  program.addCommand(command)
}

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

/** Prints what went wrong and gives the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode
  if (error instanceof UserError || error instanceof KindlingError) {
    process.stderr.write(`error: ${error.message}\n`)
    return 1
  }
  // Anything else is a fault of ours: the stack is what a report of it needs.
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  return 70
}
