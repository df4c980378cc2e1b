// What KINDLING_DEBUG prints on stderr: 1 a line per kernel, 2 with rates and a summary at the end, 3 the specs too, 4 the generated code too.
import { env, log, onExit } from '#platform'
import { peak } from './profiler.ts'
import type { Backend } from './runtime/backend.ts'
import { type Compilation, onCompile } from './runtime/compile.ts'
import { describeLaunch, onLaunch } from './runtime/launch.ts'
import { Profile } from './runtime/profile.ts'
import { ofPeakText, rateOf } from './runtime/profileTable.ts'
import { describeSpec } from './runtime/specText.ts'
import { type Work, workOf } from './runtime/work.ts'

/** `, 96.8 GFLOP/s, 64 % of peak`. */
function rateText(work: Work, ms: number, device: Backend): string {
  const rate = rateOf(work, ms)
  const best = peak(device)
  if (rate === '' || best === null) return rate && `, ${rate}`
  const seconds = work.flops > 0 ? work.floatOps / best.flops : work.bytes / best.bandwidth
  return `, ${rate}, ${ofPeakText((1000 * seconds) / ms)} of peak`
}

function compilationText(c: Compilation): string {
  const times = `generated in ${c.generateMs.toFixed(2)} ms, compiled in ${c.compileMs.toFixed(2)} ms`
  return `${c.device} code ${c.name}: ${c.bytes} bytes, ${times}\n${c.text()}`
}

const level = Number(env('KINDLING_DEBUG') ?? 0)
if (level >= 1) {
  const all = new Profile(peak)
  onLaunch((launch) => {
    const { spec, device, ms } = launch
    if (level < 2) return log(describeLaunch(launch))
    all.add(launch)
    log(describeLaunch(launch, rateText(workOf(spec), ms, device)))
    if (level >= 3) log(describeSpec(spec).replace(/^.*\n/, ''))
  })
  if (level >= 2) onExit(() => log(`\n${all.summary()}`))
  if (level >= 4) onCompile((compilation) => log(compilationText(compilation)))
}
