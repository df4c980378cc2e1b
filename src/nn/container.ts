// Modules that hold modules: Sequential, ModuleList, ModuleDict.
import { IndexError } from '../base/errors.ts'
import { Module } from './module.ts'

/** Index of a child, negative counted from the end. */
function childAt(owner: string, children: readonly Module[], index: number): Module {
  const child = children.at(index)
  if (child === undefined || !Number.isInteger(index)) {
    throw new IndexError(`${owner}: index out of range: ${index} of ${children.length} modules`)
  }
  return child
}

/** Runs its modules one after another. Takes modules, or one object of named modules. Source: `torch.nn.Sequential`. */
export class Sequential extends Module {
  constructor(...modules: Module[] | [Record<string, Module>]) {
    super()
    const [first] = modules
    const named =
      modules.length === 1 && !(first instanceof Module)
        ? Object.entries(first as Record<string, Module>)
        : Object.entries(modules as Module[])
    for (const [name, module] of named) this.addModule(name, module)
  }

  override forward<T>(x: T): T {
    let value = x
    const fields: unknown[] = Object.values(this)
    for (let k = 0; k < fields.length; k++) {
      const field = fields[k]
      if (field instanceof Module) value = field(value)
    }
    return value
  }

  /** The module at `index`; negative counts from the end. Throws IndexError. */
  get<M extends Module = Module>(index: number): M {
    return childAt('Sequential', [...this], index) as M
  }
  /** Adds a module at the end. */
  append(module: Module): this {
    this.addModule(String(this.size), module)
    return this
  }
  /** Number of modules. */
  get size(): number {
    return [...this].length
  }
  /** The modules in order, each as often as it was added. */
  *[Symbol.iterator](): Generator<Module> {
    // Not `children()`, which gives a repeated module once: Sequential runs it as often as it was added.
    for (const value of Object.values(this)) if (value instanceof Module) yield value
  }
}

/** A list of modules that takes part in the state; it has no `forward`. Source: `torch.nn.ModuleList`. */
export class ModuleList extends Module {
  constructor(modules: Iterable<Module> = []) {
    super()
    this.extend(modules)
  }
  /** The module at `index`; negative counts from the end. Throws IndexError. */
  get<M extends Module = Module>(index: number): M {
    return childAt('ModuleList', [...this], index) as M
  }
  /** Adds a module at the end. */
  append(module: Module): this {
    this.addModule(String(this.size), module)
    return this
  }
  /** Adds several modules at the end. */
  extend(modules: Iterable<Module>): this {
    for (const module of modules) this.append(module)
    return this
  }
  /** Number of modules. */
  get size(): number {
    return [...this].length
  }
  /** The modules in order. */
  *[Symbol.iterator](): Generator<Module> {
    for (const value of Object.values(this)) if (value instanceof Module) yield value
  }
}

/** Named modules that take part in the state; it has no `forward`. Source: `torch.nn.ModuleDict`. */
export class ModuleDict extends Module {
  constructor(modules: Record<string, Module> = {}) {
    super()
    for (const [name, module] of Object.entries(modules)) this.addModule(name, module)
  }
  /** The module of that name. Throws IndexError. */
  get<M extends Module = Module>(name: string): M {
    const child = (this as unknown as Record<string, unknown>)[name]
    if (!(child instanceof Module))
      throw new IndexError(`ModuleDict: no module named '${name}', there are: ${[...this.keys()].join(', ')}`)
    return child as M
  }
  /** Whether there is a module of that name. */
  has(name: string): boolean {
    return (this as unknown as Record<string, unknown>)[name] instanceof Module
  }
  /** The names in order. */
  *keys(): Generator<string> {
    for (const [name] of this.entries()) yield name
  }
  /** The modules in order. */
  *values(): Generator<Module> {
    for (const [, module] of this.entries()) yield module
  }
  /** Names and modules in order. */
  *entries(): Generator<[string, Module]> {
    for (const [name, value] of Object.entries(this)) if (value instanceof Module) yield [name, value]
  }
  /** The names, as a Python dict gives them. */
  *[Symbol.iterator](): Generator<string> {
    yield* this.keys()
  }
}
