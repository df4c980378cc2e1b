// The commands, and what is printed when one fails: errors of the user are one clear message, never a stack trace.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError } from 'commander'
import { compareCommand } from './compare.ts'
import { courseCommand } from './course.ts'
import { doctorCommand } from './doctor.ts'
import { predictCommand } from './predict.ts'
import { summaryCommand } from './summary.ts'
import { trainCommand } from './train.ts'
import { UserError } from './userError.ts'

/** Runs the command of the arguments and gives the exit code. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const program = new Command('kindling')
    .description('Train and use neural networks: PyTorch for TypeScript.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .showHelpAfterError('(add --help for all options)')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
  for (const command of [
    trainCommand(),
    compareCommand(),
    predictCommand(),
    summaryCommand(),
    courseCommand(),
    doctorCommand(),
  ]) {
    program.addCommand(command.copyInheritedSettings(program))
  }
  // `kindling doctor | head -1` closes the pipe early: no reason for a stack trace.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 74))
  try {
    await program.parseAsync(argv)
    return Number(process.exitCode ?? 0)
  } catch (error) {
    return await report(error)
  }
}

function packageVersion(): string {
  const text = readFileSync(fileURLToPath(import.meta.resolve('kindling/package.json')), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** Prints what went wrong and gives the exit code. */
async function report(error: unknown): Promise<number> {
  if (error instanceof CommanderError) return error.exitCode
  const { KindlingError } = await import('../index.ts')
  if (error instanceof UserError || error instanceof KindlingError) {
    process.stderr.write(`error: ${error.message}\n`)
    return 1
  }
  // Anything else is a fault of ours: the stack is what a report of it needs.
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  return 70
}
