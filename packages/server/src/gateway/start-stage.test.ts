import type { ModelInfo, ModelPlatform, Reply } from "@llm-platform/kit";
import { createRecordedLog } from "@llm-platform/kit/testing";
import { describe, expect, it } from "vitest";
import { defaultBreakerSettings } from "../core/breaker.ts";
import { localAdmin } from "../core/principal.ts";
import { scanRequest } from "../wire/request-scan.ts";
import { GatewayCall } from "./gateway-call.ts";
import { createModelDirectory } from "./model-directory.ts";
import { listModelNames } from "./model-names.ts";
import { createStartStage } from "./start-stage.ts";

/** A directory of two integrations: the first answers at once, the second when it is told to. */
function createStart() {
  const late = Promise.withResolvers<readonly ModelInfo[]>();
  const model = (id: string): ModelInfo => ({ id, operations: ["chat"] });
  const platformOf = (list: ModelPlatform["list"]): ModelPlatform => ({
    provider: "openai",
    dialectFor: () => "openai",
    list,
    send: () => Promise.reject(new Error("nothing is sent here")),
  });
  const view = { priority: 1, absence: "" };
  const directory = createModelDirectory({
    source: {
      platforms: () => [
        { ...view, name: "quick", platform: platformOf(async () => [model("known")]) },
        { ...view, name: "slow", platform: platformOf(() => late.promise) },
      ],
    },
    routing: () => ({ aliases: {}, routes: [] }),
    breaker: defaultBreakerSettings,
    log: createRecordedLog().log,
  });
  const seen: string[] = [];
  const stage = createStartStage(directory)((call) => {
    seen.push(call.head.model);
    return new Promise<Reply>(() => undefined);
  });
  return {
    directory,
    seen,
    answerLate: () => late.resolve([model("late")]),
    call(name: string): void {
      const body = Buffer.from(JSON.stringify({ model: name, messages: [] }));
      const head = scanRequest(body);
      void stage(
        new GatewayCall({
          id: "req_1",
          operation: "chat",
          dialect: "openai",
          principal: localAdmin,
          head,
          body,
          stream: false,
        }),
      );
    },
  };
}

const names = async (listed: ReturnType<typeof listModelNames>) => (await listed).map(({ name }) => name);

describe("while the server starts", () => {
  it("a list waits until it is whole, and so does a call of a name that is not known yet", async () => {
    const { directory, seen, call, answerLate } = createStart();
    await directory.refresh("quick");
    const listed = names(listModelNames(directory));
    call("late");
    call("known");
    expect(seen).toEqual(["known"]);
    const ready = directory.refresh();
    answerLate();
    await ready;
    expect(await listed).toEqual(["known", "late"]);
    expect(seen).toEqual(["known", "late"]);
  });

  it("nobody waits longer than for the start, whoever does not answer", async () => {
    const { directory, seen, call } = createStart();
    await directory.refresh("quick");
    void directory.refresh();
    const listed = names(listModelNames(directory));
    call("late");
    directory.settle();
    expect(await listed).toEqual(["known"]);
    expect(seen).toEqual(["late"]);
    call("later");
    expect(seen).toEqual(["late", "later"]);
    expect(directory.isReady).toBe(false);
  });
});
