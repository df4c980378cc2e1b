#!/usr/bin/env node
// The command line `kindling`: checks Node before anything is loaded that an old one cannot read, then runs the program.
import { nodeProblem } from './nodeVersion.ts'

const problem = nodeProblem(process.versions.node)
if (problem === null) {
  const { runProgram } = await import('./program.ts')
  process.exitCode = await runProgram(process.argv)
} else {
  process.stderr.write(`error: ${problem}\n`)
  process.exitCode = 1
}
