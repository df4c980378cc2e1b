// The step in a dedicated worker of a page: one message back.
import { lenetStep } from './lenetStep.ts'

lenetStep().then(
  (result) => self.postMessage({ result }),
  (error: Error) => self.postMessage({ error: String(error.stack ?? error) }),
)
