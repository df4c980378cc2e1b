// Why some of PyTorch's operators and modules are not in Kindling: the reason, and what it holds for. `page.ts` compares it with what is missing.
export const leftOut: Readonly<Record<string, readonly string[]>> = {}
