// `kindling doctor --page`: serves the page that says what a browser offers, with the headers that allow threads.
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { basename, join } from 'node:path'
import { UserError } from './userError.ts'

const types: Readonly<Record<string, string>> = { html: 'text/html; charset=utf-8', js: 'text/javascript' }

/** Where `npm run build` put the modules for pages: in the published package, or in dist/ beside the sources. */
function bundleFolder(): string {
  const places = ['../bundle', '../../dist/bundle'].map((place) => join(import.meta.dirname, place))
  const found = places.find((place) => existsSync(join(place, 'doctor.html')))
  if (found === undefined) throw new UserError('doctor: the modules for pages are not built\n  help: npm run build')
  return found
}

/** Serves until the process is ended. Port 0: one that is free. */
export async function serveDoctorPage(port: number): Promise<void> {
  const folder = bundleFolder()
  const headers = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://host').pathname
    const file = join(folder, path === '/' ? 'doctor.html' : basename(path))
    if (!existsSync(file)) {
      response.writeHead(404, headers).end()
      return
    }
    const type = types[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
    response.writeHead(200, { ...headers, 'content-type': type }).end(readFileSync(file))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new UserError(`doctor: port ${port}: ${error.message}`)))
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address() as { port: number }
  process.stdout.write(`open http://localhost:${address.port}/ in the browser to be looked at; Ctrl-C ends\n`)
  await new Promise<void>((resolve) => server.once('close', resolve))
}
