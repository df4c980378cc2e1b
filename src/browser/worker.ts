// Kindling's own worker, for pages without one: it runs functions and modules by address, with the library in their context. Started by `createSession()`.
import * as data from '../data/index.ts'
import * as torch from '../index.ts'
import * as models from '../models/index.ts'
import * as vision from '../vision/index.ts'
import { expose } from './expose.ts'

expose({}, { torch, data, models, vision })
