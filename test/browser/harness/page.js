// The page of the browser tests: a new worker for each test file, as Vitest does, and what they tell goes to the server.
const send = (message) =>
  fetch('/message', { method: 'POST', body: JSON.stringify(message), headers: { 'content-type': 'application/json' } })

/** Starts a file in a worker, or on this page; gives what ends it. */
function start(job, tell) {
  if (job.file.includes('/onPage/')) {
    void import('/worker.js').then(() => globalThis.runTestFile(job, tell))
    return () => {}
  }
  const worker = new Worker('/worker.js', { type: 'module' })
  worker.onerror = (event) => tell({ error: event.message || 'the worker could not be started' })
  worker.onmessage = ({ data }) => tell(data)
  worker.postMessage(job)
  return () => worker.terminate()
}

function runFile(file, device, patience) {
  const began = performance.now()
  const outcomes = []
  return new Promise((resolve) => {
    let timer
    const end = ({ error, leftOut }) => {
      clearTimeout(timer)
      stop()
      resolve({ file, outcomes, error, leftOut, ms: performance.now() - began })
    }
    const wait = () => {
      clearTimeout(timer)
      timer = setTimeout(() => end({ error: `nothing was heard for ${patience / 1000} s` }), patience)
    }
    const stop = start({ file, device }, (message) => {
      wait()
      if (message.outcome) outcomes.push(message.outcome)
      else end(message)
    })
    wait()
  })
}

const { files, device, patience } = await (await fetch('/job.json')).json()
await send({ start: { crossOriginIsolated, agent: navigator.userAgent, cores: navigator.hardwareConcurrency } })
for (const file of files) await send({ file: await runFile(file, device, patience) })
await send({ end: true })
