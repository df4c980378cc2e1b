// Module: the base of every layer and network. A module *is* a function: the constructor returns a closure whose
// prototype is the class, so `net(x)` runs `forward` inside a memory scope and names the layer in errors.
import type { DType } from '../base/dtype.ts'
import { isDType, isFloating } from '../base/dtype.ts'
import { DTypeError, KindlingError, ValueError } from '../base/errors.ts'
import { withoutRecording } from '../autograd/record.ts'
import { to, toAsync } from '../ops/cast.ts'
import type { DeviceName } from '../runtime/backend.ts'
import { context } from '../runtime/context.ts'
import { scope, scoped } from '../runtime/scope.ts'
import { Tensor } from '../tensor/tensor.ts'
import { Parameter } from './parameter.ts'
import { loadInto, type LoadResult, type StateDict } from './state.ts'
import { isLazy } from './uninitialized.ts'

type ForwardHook = (module: Module, args: unknown[], output: unknown) => unknown
type ForwardPreHook = (module: Module, args: unknown[]) => unknown[] | undefined | void

/** What every module carries besides its own fields; hidden, so that `Object.keys(module)` are the fields. */
interface Hidden {
  buffers: Map<string, { persistent: boolean }>
  hooks: Set<ForwardHook>
  preHooks: Set<ForwardPreHook>
}
const hidden = new WeakMap<Module, Hidden>()
const stateOf = (module: Module): Hidden => hidden.get(module) as Hidden

export interface Module {
  /** Runs `forward`. */
  (...args: any[]): any
}

/**
 * Base class: assign parameters, buffers and other modules to fields, and define `forward`.
 * Source: `torch.nn.Module`.
 */
export class Module {
  /** Names under which PyTorch stores fields whose Kindling name differs: `{ runningMean: 'running_mean' }`. */
  static readonly stateKeys: Readonly<Record<string, string>> = {}
  /** True while training (the default); `eval()` clears it. */
  declare training: boolean

  constructor() {
    // Returned instead of `this`: this is what makes a module callable.
    return bare(new.target.prototype, true, { buffers: new Map(), hooks: new Set(), preHooks: new Set() })
  }

  /** The computation; each class defines its own. */
  forward(..._args: any[]): any {
    throw new KindlingError(
      `${this.constructor.name}: forward is not defined`,
      'add a method forward(x) that returns the output.',
    )
  }

  // --- registration ---------------------------------------------------------------------------------------------------

  /** A tensor that belongs to the module's state but is not learned. `persistent: false` leaves it out of `stateDict`. */
  registerBuffer(name: string, tensor: Tensor | null, { persistent = true }: { persistent?: boolean } = {}): void {
    checkName(this, 'registerBuffer', name)
    setField(this, name, tensor?.keep() ?? null)
    stateOf(this).buffers.set(name, { persistent })
  }
  /** The same as assigning a Parameter to the field `name`. */
  registerParameter(name: string, parameter: Parameter | null): void {
    checkName(this, 'registerParameter', name)
    setField(this, name, parameter)
  }
  /** The same as assigning a module to the field `name`. */
  addModule(name: string, module: Module | null): void {
    checkName(this, 'addModule', name)
    setField(this, name, module)
  }
  /** Calls `hook(module, args, output)` after every forward; what it returns (if not undefined) replaces the output. */
  registerForwardHook(hook: ForwardHook): { remove(): void } {
    stateOf(this).hooks.add(hook)
    return { remove: () => stateOf(this).hooks.delete(hook) }
  }
  /** Calls `hook(module, args)` before every forward; an array that it returns replaces the arguments. */
  registerForwardPreHook(hook: ForwardPreHook): { remove(): void } {
    stateOf(this).preHooks.add(hook)
    return { remove: () => stateOf(this).preHooks.delete(hook) }
  }

  // --- walking ----------------------------------------------------------------------------------------------------------

  /** Direct submodules with their names; a module that appears twice is given once. */
  *namedChildren(): Generator<[string, Module]> {
    const seen = new Set<Module>()
    for (const [name, value] of fields(this)) {
      if (!(value instanceof Module) || seen.has(value)) continue
      seen.add(value)
      yield [stateKey(this, name), value]
    }
  }
  /** Direct submodules, each once. */
  *children(): Generator<Module> {
    for (const [, child] of this.namedChildren()) yield child
  }
  /** This module and all below it, depth first, with dotted names ('' for itself), each once. */
  *namedModules(prefix = '', seen: Set<Module> = new Set()): Generator<[string, Module]> {
    if (seen.has(this)) return
    seen.add(this)
    yield [prefix, this]
    for (const [name, child] of this.namedChildren()) yield* child.namedModules(join(prefix, name), seen)
  }
  /** This module and all below it, each once. */
  *modules(): Generator<Module> {
    for (const [, module] of this.namedModules()) yield module
  }
  /** All parameters with dotted names, as in `stateDict`; a shared parameter is given once, under its first name. */
  *namedParameters({ recurse = true }: { recurse?: boolean } = {}): Generator<[string, Parameter]> {
    yield* this.named(recurse, (module) => ownParameters(module))
  }
  /** All parameters, each once; with `recurse: false` only the module's own. */
  *parameters(options: { recurse?: boolean } = {}): Generator<Parameter> {
    for (const [, parameter] of this.namedParameters(options)) yield parameter
  }
  /** All buffers with dotted names, those that are not saved included. */
  *namedBuffers({ recurse = true }: { recurse?: boolean } = {}): Generator<[string, Tensor]> {
    yield* this.named(recurse, (module) => ownBuffers(module).map(([name, tensor]) => [name, tensor] as const))
  }
  /** All buffers, each once. */
  *buffers(options: { recurse?: boolean } = {}): Generator<Tensor> {
    for (const [, buffer] of this.namedBuffers(options)) yield buffer
  }
  private *named<T extends Tensor>(
    recurse: boolean,
    own: (module: Module) => readonly (readonly [string, T])[],
  ): Generator<[string, T]> {
    const seen = new Set<T>()
    for (const [prefix, module] of recurse ? this.namedModules() : [['', this] as const]) {
      for (const [name, tensor] of own(module)) {
        if (seen.has(tensor)) continue
        seen.add(tensor)
        yield [join(prefix, stateKey(module, name)), tensor]
      }
    }
  }
  /** The module at a dotted path. Throws ValueError where there is none. */
  getSubmodule(path: string): Module {
    let module: Module = this
    for (const name of path === '' ? [] : path.split('.')) {
      const child = [...module.namedChildren()].find(([key]) => key === name)?.[1]
      if (child === undefined)
        throw new ValueError(`getSubmodule: ${module.constructor.name} has no submodule '${name}' (path '${path}')`)
      module = child
    }
    return module
  }
  /** Calls `visit` on every module below, children first, then on itself. */
  apply(visit: (module: Module) => void): this {
    for (const child of this.children()) child.apply(visit)
    visit(this)
    return this
  }

  // --- mode, dtype, device ------------------------------------------------------------------------------------------

  /** Training mode for this module and all below it: dropout drops, batch normalisation uses the batch. */
  train(mode = true): this {
    for (const module of this.modules()) module.training = mode
    return this
  }
  /** Evaluation mode: `train(false)`. */
  eval(): this {
    return this.train(false)
  }
  /** Asks for gradients of all parameters, or stops asking. */
  requiresGrad_(value = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad_(value)
    return this
  }
  /** Clears the gradients: frees them, or fills them with zeros. */
  zeroGrad({ setToNone = true }: { setToNone?: boolean } = {}): void {
    for (const parameter of this.parameters()) {
      if (setToNone) parameter.grad = null
      else parameter.grad?.zero_()
    }
  }
  /** Moves parameters and buffers to a device, or converts the floating-point ones to a dtype. Parameters stay the same objects. */
  to(target: DType | DeviceName): this {
    if (isDType(target) && !isFloating(target)) {
      throw new DTypeError(
        `${this.constructor.name}.to: a module converts to floating-point dtypes only, got ${target}`,
      )
    }
    return this.convert((x) => (isDType(target) && !isFloating(x.dtype) ? x : to(x, target)))
  }
  /** `to(device)` from every device, also where values cannot be read at once. */
  async toAsync(device: DeviceName): Promise<this> {
    const tensors = [...this.parameters(), ...this.buffers()].filter((x) => !isLazy(x))
    const all = tensors.flatMap((x) => (x.grad === null ? [x] : [x, x.grad]))
    const moved = new Map(await Promise.all(all.map(async (x) => [x, await toAsync(x.detach(), device)] as const)))
    return this.convert((x) => moved.get(x) ?? to(x, device))
  }
  /** `to('float32')`. */
  float(): this {
    return this.to('float32')
  }
  /** `to('float64')`. */
  double(): this {
    return this.to('float64')
  }
  /** `to('float16')`. */
  half(): this {
    return this.to('float16')
  }
  /** `to('bfloat16')`. */
  bfloat16(): this {
    return this.to('bfloat16')
  }
  private convert(change: (x: Tensor) => Tensor): this {
    withoutRecording(() =>
      scope(() => {
        for (const x of [...this.parameters(), ...this.buffers()]) {
          x.setData(change(isLazy(x) ? Tensor.empty([0], x.dtype, x.device) : x))
          if (x.grad !== null) x.grad.setData(change(x.grad))
        }
      }),
    )
    return this
  }

  // --- state --------------------------------------------------------------------------------------------------------

  /** Parameters and persistent buffers by PyTorch's dotted names, sharing memory with the module; what is lazy yet stands for itself. */
  stateDict(prefix = ''): StateDict {
    const state: StateDict = {}
    for (const [key, tensor] of this.stateEntries(prefix)) state[key] = isLazy(tensor) ? tensor : tensor.detach()
    return state
  }
  /**
   * Copies values in. With `strict` (the default) the keys must be the same on both sides. Nothing is written when anything does not fit:
   * KindlingError lists missing and unexpected keys and differing shapes, as PyTorch does.
   */
  loadStateDict(state: StateDict, { strict = true }: { strict?: boolean } = {}): LoadResult {
    return loadInto(this.constructor.name, [...this.stateEntries('')], state, strict)
  }
  private *stateEntries(prefix: string): Generator<[string, Tensor]> {
    for (const [name, parameter] of ownParameters(this)) yield [prefix + stateKey(this, name), parameter]
    for (const [name, buffer, persistent] of ownBuffers(this))
      if (persistent) yield [prefix + stateKey(this, name), buffer]
    for (const [name, value] of fields(this)) {
      if (value instanceof Module) yield* value.stateEntries(`${prefix}${stateKey(this, name)}.`)
    }
  }

  // --- printing -------------------------------------------------------------------------------------------------------

  /** What stands in the parentheses of the printed module: the options, as PyTorch prints them. */
  extraRepr(): string {
    return ''
  }
  /** As PyTorch prints a module: its name, its options, its children. */
  toString(): string {
    const children = fields(this)
      .filter((entry): entry is [string, Module] => entry[1] instanceof Module)
      .map(([name, child]) => `(${stateKey(this, name)}): ${child.toString().replaceAll('\n', '\n  ')}`)
    const extra = this.extraRepr()
    if (children.length === 0) return `${this.constructor.name}(${extra})`
    const lines = extra === '' ? children : [...extra.split('\n'), ...children]
    return `${this.constructor.name}(\n  ${lines.join('\n  ')}\n)`
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}

/** A module without fields. */
function bare(prototype: object, training: boolean, state: Hidden): Module {
  const self = ((...args: unknown[]) => call(self, args)) as unknown as Module
  Object.setPrototypeOf(self, prototype)
  // A function's own name and length would stand in the way of fields of these names.
  delete (self as { name?: unknown }).name
  delete (self as { length?: unknown }).length
  Object.defineProperty(self, 'training', { value: training, writable: true, enumerable: false })
  hidden.set(self, state)
  return self
}

/** A module of the same class, in the same mode, with the same hooks and names of buffers, whose fields `deepcopy` is about to fill. */
export function withoutFields(module: Module): Module {
  const { buffers, hooks, preHooks } = stateOf(module)
  const state = { buffers: new Map(buffers), hooks: new Set(hooks), preHooks: new Set(preHooks) }
  return bare(Object.getPrototypeOf(module), module.training, state)
}

/** Does anybody watch the calls of this module? */
export function hasHooks(module: Module): boolean {
  const { hooks, preHooks } = stateOf(module)
  return hooks.size + preHooks.size > 0
}

const innermost = new WeakMap<KindlingError, Module>()

function call(module: Module, args: unknown[]): unknown {
  const { hooks, preHooks } = stateOf(module)
  try {
    const run = module.forward.constructor.name === 'AsyncFunction' ? context.run : context.runSync
    return scoped(() => {
      let inputs = args
      for (const hook of preHooks) inputs = hook(module, inputs) ?? inputs
      let output: unknown = module.forward(...inputs)
      for (const hook of hooks) output = hook(module, inputs, output) ?? output
      return output
    }, run)
  } catch (error) {
    if (error instanceof KindlingError) {
      const inner = innermost.get(error)
      // Not only children: a list of modules is never called itself.
      const key = [...module.namedModules()].find(([, below]) => below === inner)?.[0] ?? '?'
      error.addLayer(module.constructor.name, key)
      innermost.set(error, module)
    }
    throw error
  }
}

const join = (prefix: string, name: string): string => (prefix === '' ? name : `${prefix}.${name}`)
const fields = (module: Module): [string, unknown][] => Object.entries(module)
function setField(module: Module, name: string, value: unknown): void {
  ;(module as unknown as Record<string, unknown>)[name] = value
}
/** Names are parts of dotted paths, and fields: they must not hide what every module has. */
function checkName(module: Module, op: string, name: string): void {
  if (name === '' || name.includes('.'))
    throw new ValueError(`${op}: a name must not be empty or contain a dot, got '${name}'`)
  if (name in module && !Object.hasOwn(module, name))
    throw new ValueError(`${op}: ${module.constructor.name} has an attribute '${name}' of its own`)
}
const stateKey = (module: Module, name: string): string => (module.constructor as typeof Module).stateKeys[name] ?? name
const ownParameters = (module: Module): (readonly [string, Parameter])[] =>
  fields(module).filter((entry): entry is [string, Parameter] => entry[1] instanceof Parameter)
function ownBuffers(module: Module): (readonly [string, Tensor, boolean])[] {
  return [...stateOf(module).buffers].flatMap(([name, { persistent }]) => {
    const value = (module as unknown as Record<string, unknown>)[name]
    return value instanceof Tensor ? [[name, value, persistent] as const] : []
  })
}
