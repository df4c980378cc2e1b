// The page of the browser tests: a new worker for each test file, as Vitest does, and what they tell goes to the server.
const send = (message) =>
  fetch('/message', { method: 'POST', body: JSON.stringify(message), headers: { 'content-type': 'application/json' } })

function runFile(file, device, patience) {
  const began = performance.now()
  const outcomes = []
  return new Promise((resolve) => {
    const worker = new Worker('/worker.js', { type: 'module' })
    let timer
    const end = (error) => {
      clearTimeout(timer)
      worker.terminate()
      resolve({ file, outcomes, error, ms: performance.now() - began })
    }
    const wait = () => {
      clearTimeout(timer)
      timer = setTimeout(() => end(`nothing was heard for ${patience / 1000} s`), patience)
    }
    worker.onerror = (event) => end(event.message || 'the worker could not be started')
    worker.onmessage = ({ data }) => {
      wait()
      if (data.outcome) outcomes.push(data.outcome)
      else end(data.error)
    }
    wait()
    worker.postMessage({ file, device })
  })
}

const { files, device, patience } = await (await fetch('/job.json')).json()
await send({ start: { crossOriginIsolated, agent: navigator.userAgent, cores: navigator.hardwareConcurrency } })
for (const file of files) await send({ file: await runFile(file, device, patience) })
await send({ end: true })
