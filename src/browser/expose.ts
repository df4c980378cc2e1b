// The worker's side of a session: runs what the page asks for, beside the engine that these functions import. Called by a worker's own file.
import {
  type Context,
  type Functions,
  type Runnable,
  type Target,
  type ToPage,
  type ToWorker,
  transferables,
} from './protocol.ts'

/**
 * Makes `functions` callable by `session.run(name, args)`. To be called once, at the end of the file that a page starts as its worker. `atHand` is what
 * they find in their context besides.
 */
export function expose(functions: Functions, atHand: object = {}): void {
  const running = new Map<number, AbortController>()
  const tell = (message: ToPage, transfer: Transferable[] = []): void => self.postMessage(message, { transfer })

  const run = async ({ run: id, target, args, flag }: Extract<ToWorker, { run: number }>): Promise<void> => {
    const controller = new AbortController()
    running.set(id, controller)
    try {
      const found = await find(target, functions)
      const signal = watched(controller, flag)
      const context: Context = {
        ...atHand,
        signal,
        report(metrics, transfer) {
          signal.throwIfAborted()
          tell({ run: id, metrics }, transfer)
        },
      }
      const result = await found(context, args)
      tell({ run: id, result }, [...transferables(result)])
    } catch (thrown) {
      const error = thrown instanceof Error || thrown instanceof DOMException ? thrown : new Error(String(thrown))
      tell({ run: id, error: { name: error.name, message: error.message, stack: error.stack } })
    } finally {
      running.delete(id)
    }
  }

  self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
    if ('cancel' in data) running.get(data.cancel)?.abort(cancelled())
    else void run(data)
  })
  tell({ ready: true })
}

const cancelled = (): DOMException => new DOMException('the run was cancelled', 'AbortError')

async function find(target: Target, functions: Functions): Promise<Runnable> {
  if ('name' in target) {
    if (Object.hasOwn(functions, target.name)) return functions[target.name]
    const known = Object.keys(functions).join(', ') || 'none'
    throw new Error(`session: the worker has no function ${target.name}: known are ${known}`)
  }
  const isText = 'text' in target
  const url = isText
    ? URL.createObjectURL(new Blob([`export default ${target.text}`], { type: 'text/javascript' }))
    : target.url
  const name = isText ? 'default' : target.export
  const module = await import(/* @vite-ignore */ /* webpackIgnore: true */ url)
  if (isText) URL.revokeObjectURL(url)
  if (typeof module[name] !== 'function') throw new Error(`session: ${url} exports no function ${name}`)
  return module[name]
}

/** The signal, which looks at the flag in shared memory whenever it is asked: a loop that never waits gets no message. */
function watched(controller: AbortController, flag: Int32Array | null): AbortSignal {
  const { signal } = controller
  if (flag === null) return signal
  const look = (): void => {
    if (Atomics.load(flag, 0) === 1) controller.abort(cancelled())
  }
  const { get } = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted') as { get(): boolean }
  return Object.defineProperties(signal, {
    aborted: {
      get() {
        look()
        return get.call(signal)
      },
    },
    throwIfAborted: {
      value() {
        look()
        AbortSignal.prototype.throwIfAborted.call(signal)
      },
    },
  })
}
