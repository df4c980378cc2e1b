// The document that figures are drawn with in a browser: the page's. Callers import `#document`.
import { ValueError } from '../base/errors.ts'

/** Throws ValueError in a worker, which has none. */
export function ownDocument(): Document {
  if (globalThis.document === undefined)
    throw new ValueError(
      'figure: there is no document here: a worker cannot draw',
      'draw on the page, or use toText().',
    )
  return globalThis.document
}
