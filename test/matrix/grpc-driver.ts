import { status } from "@grpc/grpc-js";
import type { Platform } from "../e2e/start-platform.ts";
import { detailsOf, openGrpc } from "../grpc/grpc-client.ts";
import { grpc } from "../grpc/methods.ts";
import { type Driver, toRefusal } from "./driver.ts";

/** gRPC: `Operations.Call` by the operation's name. */
export async function createGrpcDriver(platform: Platform): Promise<Driver> {
  const client = await openGrpc(platform);
  return {
    name: "grpc",
    async call(name, input, key) {
      const outcome = await client.ask(grpc.operations.call, { name, input }, { key });
      if (outcome.code === status.OK) return { ok: true, output: outcome.reply?.output };
      const { info, badRequest } = detailsOf(outcome);
      return toRefusal(info?.reason, badRequest?.field_violations?.[0]?.field);
    },
    close: async () => client.close(),
  };
}
