// A small module that is run once, to find out what this WebAssembly does. Called by features.ts and revec.node.ts.
import type { Module } from './asm.ts'

export type Probe = (a: number, b: number, c: number) => void

export function instantiate(m: Module, memory: WebAssembly.Memory): Record<string, Probe> {
  return new WebAssembly.Instance(new WebAssembly.Module(m.bytes()), { k: { memory } }).exports as Record<string, Probe>
}
