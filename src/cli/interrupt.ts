// Ctrl-C while training: the first asks to stop after the running step, the second stops at once.

export interface Interrupt {
  readonly requested: boolean
  stop(): void
}

/** Listens until `stop()`; `onAbort` runs before the process ends at once. */
export function listenForInterrupt(onAbort: () => void): Interrupt {
  let requested = false
  const onSignal = (): void => {
    if (requested) {
      onAbort()
      process.exit(130)
    }
    requested = true
    process.stderr.write('\nfinishing this step; Ctrl-C again stops at once\n')
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    get requested() {
      return requested
    },
    stop() {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}
