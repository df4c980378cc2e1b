// A page loads none of what `diagnostics.node.ts` has: there are no environment variables to ask for it.
export {}
