// The server of the browser tests: files by path, the repository's fixtures, and the messages that a page sends back.
import { createReadStream, existsSync, statSync } from 'node:fs'
import { createGzip } from 'node:zlib'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'

export const root = join(import.meta.dirname, '../../..')

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}

/** The headers that allow shared memory. */
export const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
} as const

export interface ServerOptions {
  readonly isolated: boolean
  /** Contents by path; `/` is the page. */
  readonly files: Readonly<Record<string, string | Uint8Array>>
  /** Folders of the disk by the prefix of their path, such as `/test/fixtures/`. With `?inflate` a .gz file arrives decompressed; where only FILE is there,
   * FILE.gz is compressed on the way. */
  readonly folders?: Readonly<Record<string, string>>
  /** Gets what is posted to `/message`, as JSON. */
  readonly onMessage?: (message: unknown) => void
}

export interface Server {
  readonly origin: string
  close(): Promise<void>
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile()

export async function startServer({ isolated, files, folders = {}, onMessage }: ServerOptions): Promise<Server> {
  const common = { 'cache-control': 'no-store', ...(isolated ? isolation : {}) }
  const onDisk = (path: string): string | null => {
    const prefix = Object.keys(folders).find((one) => path.startsWith(one))
    if (prefix === undefined) return null
    const file = join(folders[prefix], normalize(`/${path.slice(prefix.length)}`))
    return isFile(file) ? file : null
  }
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://host')
    const path = decodeURIComponent(url.pathname)
    const file = onDisk(path)
    const type = types[extname(path)] ?? (path.endsWith('/') ? 'text/html' : 'application/octet-stream')
    if (request.method === 'POST' && path === '/message') {
      void bodyOf(request).then((text) => {
        response.writeHead(204, common).end()
        onMessage?.(JSON.parse(text))
      })
    } else if (Object.hasOwn(files, path)) {
      response.writeHead(200, { ...common, 'content-type': type })
      response.end(request.method === 'HEAD' ? undefined : files[path])
    } else if (file !== null) {
      const encoding = url.searchParams.has('inflate') && file.endsWith('.gz') ? { 'content-encoding': 'gzip' } : {}
      const length = { 'content-length': statSync(file).size }
      response.writeHead(200, { ...common, ...length, ...encoding, 'content-type': type })
      if (request.method === 'HEAD') response.end()
      else createReadStream(file).pipe(response)
    } else if (path.endsWith('.gz') && onDisk(path.slice(0, -3)) !== null) {
      response.writeHead(200, { ...common, 'content-type': type })
      if (request.method === 'HEAD') response.end()
      else
        createReadStream(onDisk(path.slice(0, -3)) as string)
          .pipe(createGzip({ level: 1 }))
          .pipe(response)
    } else response.writeHead(404, common).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
