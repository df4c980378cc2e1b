// Kindling's own worker, as `createSession()` starts it.
import '../../../../src/browser/worker.ts'
