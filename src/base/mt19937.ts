// The random engine of PyTorch's CPU generator: MT19937 (Matsumoto and Nishimura, 1998), one block of words at a time.
// Every random recipe in `base/` draws from it. Equal seeds give the words that PyTorch gives, in the same order.

import { ValueError } from './errors.ts'

/** Words of a state, and of what is made of them at once. */
export const stateWords = 624
const N = stateWords
const M = 397
const DEFAULT_SEED = 67280421310721n

// A state is the bytes of `torch.get_rng_state()`, little-endian:
// u64 seed, i32 words left + 1, i32 seeded, u64 next word, 624 x u64 words, 3 x f64 of which the second is the cached
// normal, i32 whether it is there, padding.
const STATE_BYTES = 5056
const LEFT = 8
const SEEDED = 12
const NEXT = 16
const WORDS = 24
const CACHED = WORDS + 8 * N + 8
const HAS_CACHED = CACHED + 16

/** A stream of random numbers: `torch.Generator` on the CPU. */
export class Generator {
  private seed = 0n
  private readonly words = new Int32Array(N)
  private readonly tempered = new Uint32Array(N)
  /** The same, signed. */
  private readonly bits = new Int32Array(this.tempered.buffer)
  private next = N
  private cachedNormal: number | undefined

  constructor(seed: number | bigint = DEFAULT_SEED) {
    this.manualSeed(seed)
  }

  /** Starts the stream again. Only the low 32 bits of a seed choose the stream, as in PyTorch. */
  manualSeed(seed: number | bigint): this {
    if (typeof seed === 'number' && !Number.isSafeInteger(seed)) {
      throw new ValueError(`manualSeed: the seed must be an integer, got ${seed}`)
    }
    this.seed = BigInt.asUintN(64, BigInt(seed))
    const { words } = this
    words[0] = Number(BigInt.asIntN(32, this.seed))
    for (let i = 1; i < N; i++) {
      const previous = words[i - 1]
      words[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i
    }
    this.next = N
    this.cachedNormal = undefined
    return this
  }

  /** The seed of the last `manualSeed`, as an unsigned 64-bit number. */
  initialSeed(): bigint {
    return this.seed
  }

  /** 32 random bits, unsigned. */
  random32(): number {
    if (this.next === N) this.refill()
    return this.tempered[this.next++]
  }

  /** 64 random bits, unsigned: the first word is the upper half. */
  random64(): bigint {
    const high = BigInt(this.random32())
    return (high << 32n) | BigInt(this.random32())
  }

  /** A multiple of 2^-24 in [0, 1): one word. */
  uniform24(): number {
    return (this.random32() & 0xffffff) * 2 ** -24
  }

  /** Fills `out` with what `random32` would give, signed: a run at once costs less. */
  fill(out: Int32Array): void {
    for (let done = 0; done < out.length; ) {
      if (this.next === N) this.refill()
      const words = this.bits.subarray(this.next, this.next + out.length - done)
      out.set(words, done)
      done += words.length
      this.next += words.length
    }
  }

  /** A multiple of 2^-digits in [0, 1), for at most 24 digits: one word. */
  uniformOf(digits: number): number {
    return (this.random32() & (2 ** digits - 1)) * 2 ** -digits
  }

  /** A multiple of 2^-53 in [0, 1): two words. */
  uniform53(): number {
    const high = this.random32() & 0x1fffff
    return (high * 2 ** 32 + this.random32()) * 2 ** -53
  }

  /** One number of the standard normal distribution. Box-Muller makes two; the second waits for the next call. */
  normal(): number {
    const cached = this.cachedNormal
    if (cached !== undefined) {
      this.cachedNormal = undefined
      return cached
    }
    const angle = 2 * Math.PI * this.uniform53()
    const radius = Math.sqrt(-2 * Math.log1p(-this.uniform53()))
    this.cachedNormal = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }

  /** Copies the words that stand now, not tempered, and returns how many of them are used: for devices that go on with the stream by themselves. */
  copyState(words: Int32Array): number {
    words.set(this.words)
    return this.next
  }
  /** Goes on behind the first `next` of these words: what `copyState` gave, or a later block of the same stream. */
  moveTo(words: Int32Array, next: number): void {
    this.words.set(words)
    this.temper()
    this.next = next
  }

  /** Everything that decides the numbers to come, in the format of `torch.get_rng_state()`. */
  getState(): Uint8Array<ArrayBuffer> {
    const view = new DataView(new ArrayBuffer(STATE_BYTES))
    view.setBigUint64(0, this.seed, true)
    view.setInt32(LEFT, N - this.next + 1, true)
    view.setInt32(SEEDED, 1, true)
    view.setUint32(NEXT, this.next, true)
    this.words.forEach((word, i) => {
      view.setInt32(WORDS + 8 * i, word, true)
    })
    if (this.cachedNormal !== undefined) {
      view.setFloat64(CACHED, this.cachedNormal, true)
      view.setInt32(HAS_CACHED, 1, true)
    }
    return new Uint8Array(view.buffer)
  }

  /** Goes on from a state that `getState` gave, or PyTorch's `get_rng_state`. Throws ValueError for another length. */
  setState(state: Uint8Array): void {
    if (state.byteLength !== STATE_BYTES) {
      throw new ValueError(`setState: a state has ${STATE_BYTES} bytes, got ${state.byteLength}`)
    }
    const view = new DataView(state.buffer, state.byteOffset, STATE_BYTES)
    const left = view.getInt32(LEFT, true)
    if (left < 1 || left > N) throw new ValueError(`setState: ${left - 1} words left of ${N} is not a state`)
    this.seed = view.getBigUint64(0, true)
    for (let i = 0; i < N; i++) this.words[i] = view.getInt32(WORDS + 8 * i, true)
    this.temper()
    this.next = N - left + 1
    this.cachedNormal = view.getInt32(HAS_CACHED, true) === 0 ? undefined : view.getFloat64(CACHED, true)
  }

  private refill(): void {
    const { words } = this
    for (let i = 0; i < N - M; i++) words[i] = words[i + M] ^ twist(words[i], words[i + 1])
    for (let i = N - M; i < N - 1; i++) words[i] = words[i + M - N] ^ twist(words[i], words[i + 1])
    words[N - 1] = words[M - 1] ^ twist(words[N - 1], words[0])
    this.temper()
    this.next = 0
  }

  private temper(): void {
    const { words, tempered } = this
    for (let i = 0; i < N; i++) {
      let word = words[i]
      word ^= word >>> 11
      word ^= (word << 7) & 0x9d2c5680
      word ^= (word << 15) & 0xefc60000
      tempered[i] = word ^ (word >>> 18)
    }
  }
}

function twist(high: number, low: number): number {
  return (((high & 0x80000000) | (low & 0x7fffffff)) >>> 1) ^ (-(low & 1) & 0x9908b0df)
}
