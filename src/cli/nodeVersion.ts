// The oldest Node that runs Kindling. Imports nothing: main.ts asks before it loads anything else.

const oldest = [22, 12] as const

/** What to tell the user of a Node that is too old; null for one that is not. */
export function nodeProblem(version: string): string | null {
  const [major, minor] = version.split('.').map(Number)
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return null
  return `Kindling needs Node ${oldest.join('.')} or newer, this is ${version}; get one at https://nodejs.org (24 or newer is fastest)`
}
