// kindling/browser: the bridge between a page and the engine's worker. Neither side of it loads the engine.
export { expose } from './expose.ts'
export { isolate } from './isolation.ts'
export type { ArgsOf, Context, EngineContext, Functions, MetricsOf, ResultOf, Runnable } from './protocol.ts'
export { createSession, type Run, type RunOptions, Session, type SessionOptions } from './session.ts'
