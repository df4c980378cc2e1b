// The document that figures are drawn with in Node. Callers import `#document`.
import { parseHTML } from 'linkedom'

let made: Document | undefined

export function ownDocument(): Document {
  made ??= parseHTML('<!doctype html><html></html>').document
  return made
}
