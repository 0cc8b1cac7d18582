import { parentPort } from "node:worker_threads";
import { createTransferService } from "./pulls/serve-transfers.ts";
import type { TransferOrder, TransferWord } from "./pulls/transfer-messages.ts";
import { createUpstreamPool } from "./wire/upstream-pool.ts";

// The program of the thread that `createTransferThread` starts.

const port = parentPort;
if (port !== null) {
  const obey = createTransferService({
    openUpstream: (origin, network, onHandshake) =>
      createUpstreamPool(origin, { network, areReadsTransient: true }, onHandshake),
    monotonicMs: () => performance.now(),
    tell: (word: TransferWord) => port.postMessage(word),
  });
  port.on("message", (order: TransferOrder) => obey(order));
}
