// Which test files run in a browser: everything about what a device computes. Files that need what only Node has are left out by the bundler.
import { globSync } from 'node:fs'
import { root } from './server.ts'

const folders = '{autograd,backends,base,func,memory,models,nn,ops,optim,runtime,tensor}'

export const deviceSuite = (): string[] =>
  [
    ...globSync([`test/${folders}/*.test.ts`, 'test/conformance.test.ts', 'test/programs-oracle.test.ts'], {
      cwd: root,
    }),
  ].sort()
