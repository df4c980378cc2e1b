// 256-bit code in a browser: there is nobody to ask for it. `revec.node.ts` says what each function does.
export const revecObstacle = (): string | null => 'a page cannot ask its browser for 256-bit code'
export const tryRevec = (_relaxedFma: boolean): boolean => false
