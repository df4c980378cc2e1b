// Where things lie at the bottom of the shared memory, and the words by which the threads talk. Byte address 0 stays unused.
// Each word that is written often has a cache line of its own.

const line = 16

/** Indices of 32-bit words. The pool's block repeats per worker. */
export const words = {
  /** Counts jobs; idle workers sleep on it. */
  epoch: 1 * line,
  /** 1 while the job below may be joined. */
  open: 2 * line,
  /** The next chunk to take. */
  next: 3 * line,
  /** Workers that sleep on `epoch`. */
  sleeping: 4 * line,
  /** 1 while the caller sleeps until a worker leaves. */
  callerWaits: 5 * line,
  /** 0 none, 1 being written, 2 the text below is complete. */
  error: 6 * line,
  errorLength: 6 * line + 1,
  /** The job: which kernel (module, its bytes, its export), and its work. */
  moduleId: 7 * line,
  moduleAddress: 7 * line + 1,
  moduleLength: 7 * line + 2,
  exportIndex: 7 * line + 3,
  desc: 7 * line + 4,
  items: 7 * line + 5,
  grain: 7 * line + 6,
  chunks: 7 * line + 7,
  /** Text of the error, UTF-16, one word each. */
  errorText: 16 * line,
  /** Per worker, `seat + worker * line`: 1 while it works on the job; then the chunks that it has done, and 1 when it is dismissed. */
  seats: 64 * line,
} as const

export const errorTextMax = 40 * line
export const maxWorkers = 127
export const seatWords = line
export const seatOf = (worker: number): number => words.seats + worker * line

/** Bytes: descriptors of kernels, then the heap. */
export const descriptors = { start: 16 * 1024, end: 256 * 1024 } as const
export const heapStart = 256 * 1024
/** The last page stays unused, so that no address behind a block wraps to 0. */
export const heapEnd = 65535 * 65536
