import assert from "node:assert/strict";
import { Cancellation } from "../cancellation.ts";
import type { JsonObject } from "../chat.ts";
import { operations } from "../dialect.ts";
import { PlatformError } from "../errors.ts";
import type { ModelPlatform } from "../model-platform.ts";
import type { ContractCase, ContractInput } from "./contract-input.ts";
import { limitOf, never, withRunning } from "./contract-life.ts";
import { settledWithin, within } from "./open-resources.ts";
import { createTestCall, readReplyBody } from "./test-call.ts";

const abortLimitMs = 2_000;
const defaultRequest: JsonObject = {
  messages: [{ role: "user", content: "Say hello." }],
  max_tokens: 32,
};

/** The cases of a model platform. */
export function modelCases<Settings>(input: ContractInput<Settings>): readonly ContractCase[] {
  const { chatModel } = input;
  const cases: ContractCase[] = [
    {
      name: "says which dialects it speaks",
      run: () => withModels(input, checkDialects),
    },
    {
      name: "offers a relay, if any, that another process can use",
      run: () => withModels(input, checkRelay),
    },
    { name: "lists its models", run: () => withModels(input, checkList) },
    {
      name: "ends a list soon when its signal aborts",
      run: () => withModels(input, checkListAbort),
    },
    {
      name: "refuses a model that it does not have",
      run: () => withModels(input, checkUnknownModel),
    },
    {
      name: "gives up a call that is cancelled before its head",
      run: () => withModels(input, checkEarlyCancel),
    },
  ];
  if (chatModel !== undefined) {
    cases.push(
      {
        name: "answers a chat",
        run: () => withModels(input, (models) => checkChat(models, input, chatModel)),
      },
      {
        name: "ends a stream with the reason when it is cancelled half-way",
        run: () => withModels(input, (models) => checkLateCancel(models, input, chatModel)),
      },
    );
  }
  return cases;
}

type ModelCheck<Settings> = (models: ModelPlatform, input: ContractInput<Settings>) => Promise<void>;

async function withModels<Settings>(
  input: ContractInput<Settings>,
  check: ModelCheck<Settings>,
): Promise<void> {
  await withRunning(input, async ({ models }) => {
    assert.ok(models !== undefined, "a model platform has `models`");
    await check(models, input);
  });
}

async function checkDialects(models: ModelPlatform): Promise<void> {
  assert.match(models.provider, /^[a-z][a-z0-9_.-]*$/, "provider is one lower-case word");
  const dialects = operations
    .map((operation) => models.dialectFor(operation))
    .filter((one) => one !== undefined);
  assert.notEqual(dialects.length, 0, "some operation has a dialect");
  for (const dialect of dialects) {
    if (dialect === "openai") continue;
    assert.equal(models.codec?.dialect, dialect, `a codec comes with the dialect ${dialect}`);
  }
}

/** It crosses to another process as data, and speaks one dialect. */
async function checkRelay(models: ModelPlatform): Promise<void> {
  const relay = models.relay?.();
  if (relay === undefined) return;
  assert.deepEqual(structuredClone(relay), relay, "a relay is plain data");
  assert.match(relay.origin, /^https?:\/\/[^/]+$/, "a relay names an origin, without a path");
  for (const operation of operations) {
    const dialect = models.dialectFor(operation);
    const path: string | undefined = relay.paths[operation];
    if (dialect === undefined) assert.equal(path, undefined, `${operation} is not served, and has no path`);
    else {
      assert.equal(dialect, "openai", `a relay speaks openai, and ${operation} does not`);
      assert.match(path ?? "", /^\/[\x21-\x7e]*$/, `the relay has a path for ${operation}`);
    }
  }
  for (const [name, value] of relay.headers) {
    assert.match(name, /^[a-z0-9!#$%&'*+.^_`|~-]+$/, "header names are in lower case");
    assert.match(value, /^[\x20-\x7e]*$/, `${name} can stand in a header`);
  }
}

async function checkList<Settings>(models: ModelPlatform, input: ContractInput<Settings>): Promise<void> {
  const list = await within(limitOf(input), "list", models.list(never()));
  assert.equal(new Set(list.map(({ id }) => id)).size, list.length, "ids are unique");
  for (const model of list) {
    assert.notEqual(model.id.trim(), "", "each model has an id");
    assert.notEqual(model.operations.length, 0, `${model.id} can be asked for something`);
    for (const operation of model.operations) {
      assert.ok(models.dialectFor(operation) !== undefined, `${model.id}: ${operation} has a dialect`);
    }
    for (const count of [model.contextTokens, model.sizeBytes, model.createdAtSeconds]) {
      assert.ok(
        count === undefined || (Number.isInteger(count) && count >= 0),
        `${model.id} has whole counts`,
      );
    }
  }
  if (input.chatModel === undefined) return;
  const chatModel = list.find(({ id }) => id === input.chatModel);
  assert.ok(chatModel?.operations.includes("chat"), `${input.chatModel} is in the list, for chat`);
}

async function checkListAbort(models: ModelPlatform): Promise<void> {
  await settledWithin(abortLimitMs, "an aborted list", models.list(AbortSignal.abort()));
}

async function checkUnknownModel<Settings>(
  models: ModelPlatform,
  input: ContractInput<Settings>,
): Promise<void> {
  const call = toCall(models, { model: "no-such-model-0" });
  try {
    const reply = await within(limitOf(input), "send", models.send(call));
    reply.body.cancel();
    assert.ok(reply.status >= 400 && reply.status < 500, `the status is 4xx, not ${reply.status}`);
  } catch (error) {
    assert.ok(
      error instanceof PlatformError && error.code === "model_not_found",
      `the error is model_not_found, not: ${error}`,
    );
  }
}

async function checkEarlyCancel<Settings>(
  models: ModelPlatform,
  input: ContractInput<Settings>,
): Promise<void> {
  const cancellation = new Cancellation();
  const call = toCall(models, {
    model: input.chatModel ?? "no-such-model-0",
    cancellation,
    stream: true,
  });
  const reason = new PlatformError("client_cancelled", "The client left.");
  const sent = models.send(call);
  cancellation.cancel(reason);
  const whole = sent.then(({ body }) => readReplyBody(body));
  await assertEndsWith(whole, reason);
}

async function checkChat<Settings>(
  models: ModelPlatform,
  input: ContractInput<Settings>,
  model: string,
): Promise<void> {
  for (const stream of [false, true]) {
    const reply = await within(
      limitOf(input),
      "send",
      models.send(toCall(models, { ...input, model, stream })),
    );
    const body = await within(limitOf(input), "the body", readReplyBody(reply.body));
    assert.equal(reply.status, 200, new TextDecoder().decode(body));
    assert.equal(reply.dialect, models.dialectFor("chat"), "the reply is in the dialect of the call");
    assert.notEqual(body.byteLength, 0, "the reply has a body");
  }
}

async function checkLateCancel<Settings>(
  models: ModelPlatform,
  input: ContractInput<Settings>,
  model: string,
): Promise<void> {
  const cancellation = new Cancellation();
  const reason = new PlatformError("client_cancelled", "The client left.");
  const call = toCall(models, { ...input, model, cancellation, stream: true });
  const reply = await within(limitOf(input), "send", models.send(call));
  const body = readReplyBody(reply.body, () => cancellation.cancel(reason));
  await assertEndsWith(body, reason);
}

/** A reply may have been complete already; else it fails, soon, with the reason of the cancellation. */
async function assertEndsWith(work: Promise<unknown>, reason: PlatformError): Promise<void> {
  await settledWithin(abortLimitMs, "a cancelled call", work);
  const [outcome] = await Promise.allSettled([work]);
  if (outcome.status === "rejected")
    assert.equal(outcome.reason, reason, "the error is the cancellation's reason");
}

interface CallChoice {
  readonly model: string;
  readonly chatRequest?: JsonObject;
  readonly cancellation?: Cancellation;
  readonly stream?: boolean;
}

function toCall(models: ModelPlatform, { model, chatRequest, cancellation, stream = false }: CallChoice) {
  return createTestCall({
    model,
    request: chatRequest ?? defaultRequest,
    stream,
    ...(models.codec === undefined || models.dialectFor("chat") === "openai" ? {} : { codec: models.codec }),
    ...(cancellation === undefined ? {} : { cancellation }),
  });
}
