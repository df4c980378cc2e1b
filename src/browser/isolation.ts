// Threads on servers that cannot send the headers for them: a service worker of the page adds them. Called by pages; `isolate.js` is the worker.

/**
 * Makes the page cross-origin isolated by the service worker at `address` (a copy of `bundle/isolate.js`, in the page's folder or above): at the first visit
 * the page loads once more. Gives whether the page is isolated; false where service workers are not to be had, or do not help.
 */
export async function isolate(address: string | URL): Promise<boolean> {
  if (globalThis.crossOriginIsolated) return true
  const { serviceWorker } = navigator
  // Not again where it did not help.
  if (serviceWorker === undefined || serviceWorker.controller !== null) return false
  try {
    await serviceWorker.register(address)
    await serviceWorker.ready
  } catch {
    return false
  }
  location.reload()
  return new Promise(() => {})
}
