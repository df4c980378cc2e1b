// The conformance run as a library: every sample of a fixture folder, one line per operator as it comes. Called by `run.ts` and by the test.
import { findFixture, findTensors, oracle } from '../support/safetensors.ts'
import { type Case, checkModules } from './layers.ts'
import { checkNetworks, type Run } from './networks.ts'
import { checkOperator, type Operators } from './operators.ts'
import { type Line, type Summary, summarize } from './report.ts'
import { checkInits, checkStreams, type Inits, type Streams } from './streams.ts'
import { checkOptimizers, checkSchedulers, type OptimizerRun, type Schedule } from './training.ts'

export interface ConformanceOptions {
  /** Folder with fixtures; default: the repository's. */
  readonly folder?: string
  /** Runs only what has this in its name. */
  readonly only?: string
  /** Folder with Fashion-MNIST, for the networks. */
  readonly data?: string
  /** Sees each line when it is done. */
  readonly onLine?: (line: Line) => void
}

export async function conformance({
  folder = oracle,
  only = '',
  data,
  onLine,
}: ConformanceOptions = {}): Promise<Summary> {
  const wanted = (name: string) => name.includes(only)
  const lines: Line[] = []
  const operatorLines: Line[] = []
  const add = (line: Line, list?: Line[]) => {
    lines.push(line)
    list?.push(line)
    onLine?.(line)
  }

  const ops = findFixture<Operators>('ops', folder)
  for (const [name, operator] of Object.entries(ops?.json ?? {})) {
    if (wanted(name)) add(await checkOperator(name, operator, (ops as NonNullable<typeof ops>).tensors), operatorLines)
  }
  const sections = [
    section<Streams>('goldens/random', folder, (fixture) => checkStreams(fixture, wanted)),
    section<Inits>('goldens/init', folder, (fixture) => checkInits(fixture, wanted)),
    section<readonly Case[]>('goldens/modules', folder, (fixture) =>
      checkModules(fixture, findTensors('goldens/exact', folder), wanted),
    ),
    section<readonly OptimizerRun[]>('goldens/optim', folder, (fixture) => checkOptimizers(fixture, wanted)),
    section<readonly Schedule[]>('goldens/schedulers', folder, (fixture) => checkSchedulers(fixture, wanted)),
    section<readonly Run[]>('runs', folder, (fixture) => checkNetworks(fixture, data, wanted)),
  ]
  for (const lines of sections) for await (const line of lines) add(line)
  return summarize(lines, operatorLines)
}

async function* section<T>(
  name: string,
  folder: string,
  check: (fixture: {
    json: T
    tensors: NonNullable<ReturnType<typeof findFixture>>['tensors']
  }) => AsyncGenerator<Line>,
): AsyncGenerator<Line> {
  const fixture = findFixture<T>(name, folder)
  if (fixture !== null) yield* check(fixture)
}
