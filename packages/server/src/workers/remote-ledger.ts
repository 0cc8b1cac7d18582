import { PlatformError } from "@llm-platform/kit";
import type { SpoolLedger } from "../store/spool-port.ts";
import type { FromWorker, StoreError } from "./messages.ts";

/** The ledger of the first process, as a worker's spool empties itself into it. */
export interface RemoteLedger extends SpoolLedger {
  /** The first process answers. */
  onStored(id: number, error: StoreError | undefined): void;
}

/** A promise settles when the first process has done it: until then the spool keeps the records. */
export function createRemoteLedger(send: (message: FromWorker) => void): RemoteLedger {
  const open = new Map<number, PromiseWithResolvers<void>>();
  let lastId = 0;

  function ask(toMessage: (id: number) => FromWorker): Promise<void> {
    const id = ++lastId;
    const answered = Promise.withResolvers<void>();
    open.set(id, answered);
    send(toMessage(id));
    return answered.promise;
  }

  return {
    insertMany: (records) => ask((id) => ({ type: "insert", id, records })),
    makeDurable: () => ask((id) => ({ type: "make_durable", id })),
    onStored(id, error) {
      const answered = open.get(id);
      open.delete(id);
      if (error === undefined) answered?.resolve();
      else answered?.reject(new PlatformError(error.code, error.message));
    },
  };
}
