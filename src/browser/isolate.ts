// A service worker that adds to every answer the headers of a cross-origin isolated page. Started by `isolate()`.
interface FetchEvent extends Event {
  readonly request: Request
  respondWith(answer: Promise<Response>): void
}
interface ServiceWorkerScope extends EventTarget {
  skipWaiting(): Promise<void>
  readonly clients: { claim(): Promise<void> }
}
const scope = self as unknown as ServiceWorkerScope

async function isolated(request: Request): Promise<Response> {
  const answer = await fetch(request)
  // What other sites answer without permission to read it cannot be changed.
  if (answer.type === 'opaque' || answer.type === 'opaqueredirect') return answer
  const headers = new Headers(answer.headers)
  headers.set('Cross-Origin-Opener-Policy', 'same-origin')
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp')
  const { status, statusText } = answer
  return new Response([101, 204, 205, 304].includes(status) ? null : answer.body, { status, statusText, headers })
}

scope.addEventListener('install', () => void scope.skipWaiting())
scope.addEventListener('activate', () => void scope.clients.claim())
scope.addEventListener('fetch', (event) => {
  const { request, respondWith } = event as FetchEvent
  if (request.cache === 'only-if-cached' && request.mode !== 'same-origin') return
  respondWith.call(event, isolated(request))
})
