// PyTorch's arguments as Kindling takes them: required ones positional, the others in one options object at the end.

export const camelCase = (name: string): string =>
  name.replace(/(?<=[A-Za-z0-9])_([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase())

interface Parameter {
  readonly name: string
  /** May be left out; `gap`: undefined stands in its place. */
  readonly missing: 'never' | 'gap' | 'close'
}
interface Parameters {
  readonly positional: readonly Parameter[]
  readonly options: readonly string[]
  readonly variadic: boolean
}

const parsed = new Map<string, Parameters>()

function parse(text: string): Parameters {
  let result = parsed.get(text)
  if (result === undefined) {
    const [before, after = ''] = text.split('|')
    const words = before
      .trim()
      .split(/\s+/)
      .filter((word) => word !== '')
    result = {
      variadic: words[0]?.startsWith('...') ?? false,
      positional: words.map((word) => ({
        name: word.replace(/[?~]$/, ''),
        missing: word.endsWith('?') ? 'gap' : word.endsWith('~') ? 'close' : 'never',
      })),
      options: after
        .trim()
        .split(/\s+/)
        .filter((word) => word !== ''),
    }
    parsed.set(text, result)
  }
  return result
}

/** Keywords that say nothing here: there is one CPU. */
const ignored = new Set(['device'])
/** Options for which None is a value of its own: the cumulative average of batch normalisation. */
const nullable = new Set(['momentum'])

/**
 * Arguments for a function with `parameters` (see `ops.ts`). None (null) counts as left out, except in `nullable`.
 * Throws where the parameters lack one of the arguments.
 */
export function bind(
  parameters: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): unknown[] {
  const { positional, options, variadic } = parse(parameters)
  const given = new Map(Object.entries(kwargs).filter(([name]) => !ignored.has(name)))
  const names = [...positional.map((p) => p.name), ...options]
  if (!variadic) {
    args.forEach((value, i) => {
      if (i >= names.length) throw new Error(`the table has no parameter for argument ${i}: '${parameters}'`)
      given.set(names[i], value)
    })
  }
  const known = (name: string): unknown => given.get(name) ?? undefined
  const bound: unknown[] = variadic ? [...args] : []
  if (!variadic)
    for (const p of positional) if (p.missing !== 'close' || known(p.name) !== undefined) bound.push(known(p.name))
  const object: Record<string, unknown> = {}
  for (const [name, value] of given) {
    if (!names.includes(name)) throw new Error(`the table has no parameter '${name}': '${parameters}'`)
    if (options.includes(name) && value !== undefined && (value !== null || nullable.has(name)))
      object[camelCase(name)] = value
  }
  if (Object.keys(object).length > 0) bound.push(object)
  else while (bound.length > 0 && bound.at(-1) === undefined) bound.pop()
  return bound
}
