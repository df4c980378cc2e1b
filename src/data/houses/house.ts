// Invented houses: what is drawn for each, and how its price follows from that.
import type { Generator } from '../../base/random.ts'

/** Random choices of one stream. */
export class Draw {
  private readonly generator: Generator
  constructor(generator: Generator) {
    this.generator = generator
  }
  chance(probability: number): boolean {
    return this.generator.uniform53() < probability
  }
  normal(mean = 0, std = 1): number {
    return mean + std * this.generator.normal()
  }
  /** 0 ... count - 1, each `ratio` times as likely as the one before; one in twenty is drawn evenly, so that all occur. */
  index(count: number, ratio: number): number {
    if (this.chance(0.05)) return Math.floor(this.generator.uniform53() * count)
    const total = (1 - ratio ** count) / (1 - ratio)
    let rest = this.generator.uniform53() * total
    let at = 0
    for (let weight = 1; at < count - 1 && rest >= weight; weight *= ratio) {
      rest -= weight
      at++
    }
    return at
  }
  /** One of the values, each `ratio` times as likely as the one before. */
  one<T>(values: readonly T[], ratio: number): T {
    return values[this.index(values.length, ratio)]
  }
}

const neighborhoods = [
  ...['Alder', 'Ashford', 'Birch', 'Brook', 'Canal', 'Castle', 'Cedar', 'Church', 'Dale', 'Eastgate', 'Elm', 'Fair'],
  ...['Glen', 'Harbor', 'Hazel', 'Hill', 'Juniper', 'Lake', 'Maple', 'Mill', 'Northgate', 'Oak', 'River', 'Spring'],
  'Westgate',
]

export interface House {
  readonly neighborhood: string
  /** How well it is built, about normal. */
  readonly standard: number
  /** 1 to 10. */
  readonly quality: number
  /** 1 to 9. */
  readonly condition: number
  readonly built: number
  readonly renewed: number
  /** Square feet. */
  readonly lot: number
  readonly ground: number
  readonly upper: number
  readonly living: number
  readonly cellar: number
  readonly finishedCellar: number
  readonly rooms: number
  readonly cars: number
  readonly fireplaces: number
  readonly pool: number
  readonly month: number
  readonly year: number
  /** Sold in a hurry, below its worth. */
  readonly forced: boolean
  readonly price: number
}

export const whole = (value: number, low: number, high: number): number =>
  Math.min(high, Math.max(low, Math.round(value)))

export function drawHouse(d: Draw): House {
  const place = d.index(neighborhoods.length, 0.93)
  // The places are not in the order of their worth: 7 and 25 have no common divisor.
  const worth = ((place * 7) % 25) / 6 - 2
  const standard = 0.6 * worth + d.normal(0, 0.7)
  const quality = whole(6 + 1.3 * standard, 1, 10)
  const condition = whole(5.5 + d.normal(0, 1.1), 1, 9)
  const year = 2006 + d.index(5, 0.95)
  const built = whole(1972 + 22 * standard + d.normal(0, 16), 1875, year)
  const renewed = d.chance(0.5) ? built : whole(built + Math.abs(d.normal(0, 25)), built, year)
  const living = whole(Math.exp(7.25 + 0.15 * standard + d.normal(0, 0.27)), 350, 5000)
  const upper = d.chance(0.43) ? Math.round(living * Math.min(0.6, Math.max(0.2, d.normal(0.45, 0.06)))) : 0
  const ground = living - upper
  const cellar = d.chance(0.03) ? 0 : whole(ground * d.normal(0.95, 0.1), 100, 3500)
  const finishedCellar = d.chance(0.3) ? 0 : Math.round(cellar * Math.min(0.95, Math.abs(d.normal(0.5, 0.25))))
  const lot = whole(Math.exp(9.1 + 0.25 * (Math.log(living) - 7.25) + d.normal(0, 0.4)), 1300, 120_000)
  const rooms = whole(living / 240 + d.normal(0, 0.7), 3, 14)
  const cars = d.chance(0.05) ? 0 : whole(1.8 + 0.5 * standard + d.normal(0, 0.5), 1, 4)
  const fireplaces = whole(0.5 + 0.3 * standard + d.normal(0, 0.5), 0, 3)
  const pool = d.chance(0.006) ? whole(d.normal(500, 120), 150, 800) : 0
  const month = 1 + ((5 + Math.round(d.normal(0, 2.6)) + 24) % 12)
  const forced = d.chance(0.07)
  const log =
    12.02 +
    0.5 * (Math.log(living) - 7.28) +
    0.075 * (quality - 6) +
    0.035 * (condition - 5.5) +
    0.0025 * (built - 1972) +
    0.05 * worth +
    0.00012 * (cellar - 1000) +
    0.00008 * finishedCellar +
    0.1 * (Math.log(lot) - 9.1) +
    0.04 * (cars - 1.8) +
    0.04 * fireplaces -
    (forced ? 0.15 : 0)
  const price = 100 * Math.round(Math.exp(log + d.normal(0, 0.1)) / 100)
  return {
    neighborhood: neighborhoods[place],
    ...{ standard, quality, condition, built, renewed, lot, ground, upper, living, cellar, finishedCellar, rooms },
    ...{ cars, fireplaces, pool, month, year, forced, price },
  }
}
