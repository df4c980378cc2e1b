// The step under Node, in a process of its own: one line of JSON.
import { lenetStep } from './lenetStep.ts'

console.log(JSON.stringify(await lenetStep()))
