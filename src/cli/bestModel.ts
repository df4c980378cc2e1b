// Early stopping: the weights with the lowest validation loss so far, and for how long there were no better ones.
import type { nn, Tensor } from '../index.ts'

export class BestModel {
  /** 0 before the first. */
  epoch = 0
  loss = Number.POSITIVE_INFINITY
  state: Record<string, Tensor> = {}

  /** Takes the weights if their loss is lower than all before. */
  offer(epoch: number, loss: number, net: nn.Module): void {
    if (!(loss < this.loss)) return
    const copies = Object.entries(net.stateDict()).map(([key, value]) => [key, value.detach().clone().keep()] as const)
    this.restore(epoch, loss, Object.fromEntries(copies))
  }

  /** Takes over what a checkpoint saved. */
  restore(epoch: number, loss: number, state: Record<string, Tensor>): void {
    for (const old of Object.values(this.state)) old.dispose()
    Object.assign(this, { epoch, loss, state })
  }

  /** Whether the last `patience` of `done` epochs brought nothing better. */
  isStale(done: number, patience: number): boolean {
    return done - this.epoch >= patience
  }
}
