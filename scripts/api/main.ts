// `npm run docs`: the reference of the public API in docs/api, as pages to open in a browser.
import { join } from 'node:path'
import { readApi } from './read.ts'

const { app, project } = await readApi()
await app.generateDocs(project, join(import.meta.dirname, '../../docs/api'))
