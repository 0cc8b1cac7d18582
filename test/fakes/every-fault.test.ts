import { expect, test } from "vitest";
import { createFakeUpstream, type Fault } from "./fake-upstream.ts";
import { postText, sendRaw } from "./raw-client.ts";

/** One fault of every kind; the type makes a forgotten kind an error. */
const samples: { readonly [kind in Fault["kind"]]: Extract<Fault, { readonly kind: kind }> } = {
  healthy: { kind: "healthy" },
  stream: { kind: "stream", chunks: 3, intervalMs: 1, firstDelayMs: 1 },
  refuse: { kind: "refuse", forMs: 1 },
  "reset-before-head": { kind: "reset-before-head" },
  "reset-after-bytes": { kind: "reset-after-bytes", bytes: 10 },
  "reset-after-events": { kind: "reset-after-events", events: 1 },
  "end-after-events": { kind: "end-after-events", events: 1, framing: "cut" },
  "silence-after-events": { kind: "silence-after-events", events: 1 },
  "comments-only": { kind: "comments-only", intervalMs: 1 },
  hang: { kind: "hang" },
  "head-then-hang": { kind: "head-then-hang" },
  "slow-head": { kind: "slow-head", delayMs: 1 },
  "close-on-arrival": { kind: "close-on-arrival", reusedOnly: false },
  "close-after-reply": { kind: "close-after-reply" },
  status: { kind: "status", status: 503, body: "down", headers: [["Content-Type", "text/plain"]] },
  "context-overflow": { kind: "context-overflow" },
  "leaky-error": { kind: "leaky-error" },
  redirect: { kind: "redirect", location: "/elsewhere" },
  html: { kind: "html" },
  "json-instead-of-stream": { kind: "json-instead-of-stream" },
  "missing-finish": { kind: "missing-finish" },
  "missing-done": { kind: "missing-done" },
  "duplicate-finish": { kind: "duplicate-finish" },
  "usage-in-finish": { kind: "usage-in-finish" },
  "no-usage": { kind: "no-usage" },
  "error-event": { kind: "error-event", events: 1, after: "reset" },
  "invalid-json": { kind: "invalid-json", events: 1 },
  "insert-event": { kind: "insert-event", events: 1, data: "{}" },
  "huge-line": { kind: "huge-line", events: 1, bytes: 100_000 },
  "strange-events": { kind: "strange-events" },
  "endless-stream": { kind: "endless-stream" },
  comments: { kind: "comments" },
  "sse-style": { kind: "sse-style", style: { hasExtraFields: true } },
  compressed: { kind: "compressed", encoding: "zstd" },
  "compression-bomb": { kind: "compression-bomb", encoding: "br", inflatedBytes: 100_000 },
  "false-encoding": { kind: "false-encoding", encoding: "gzip" },
  "endless-body": { kind: "endless-body" },
  "huge-headers": { kind: "huge-headers" },
  "extra-headers": { kind: "extra-headers" },
  "content-type": { kind: "content-type", value: undefined },
  "json-style": { kind: "json-style", style: "spaced" },
  body: { kind: "body", body: "" },
  raw: { kind: "raw", bytes: "\u0000\u0001" },
  "broken-chunks": { kind: "broken-chunks", defect: "bad-size" },
  "wrong-length": { kind: "wrong-length", by: 5 },
  "http-1-0": { kind: "http-1-0" },
  "until-close": { kind: "until-close" },
  interim: { kind: "interim", status: 102 },
  drip: { kind: "drip", bytes: 50 },
  "merged-events": { kind: "merged-events" },
  together: {
    kind: "together",
    faults: [{ kind: "comments" }, { kind: "drip", bytes: 30, level: "payload" }],
  },
};

/** Kinds that never end by themselves in at least one form of reply; they are left when their head came. */
const endless = new Set<Fault["kind"]>([
  "hang",
  "head-then-hang",
  "silence-after-events",
  "comments-only",
  "missing-done",
  "endless-stream",
  "endless-body",
]);

/** What a whole reply looks like when the fault has no hold on it. */
const answer = "echo: one two";

test.each([
  ["openai", true],
  ["openai", false],
  ["ollama", true],
  ["ollama", false],
] as const)(
  "each fault in the dialect %s (stream: %s) happens once and leaves the fake well",
  async (dialect, stream) => {
    const upstream = await createFakeUpstream({ dialect });
    const path = dialect === "openai" ? "/v1/chat/completions" : "/api/chat";
    const body = { model: "tiny-chat", stream, messages: [{ role: "user", content: "one two" }] };
    const healthy = JSON.stringify({ ...body, stream: false });
    for (const fault of Object.values(samples)) {
      if (fault.kind !== "refuse") {
        upstream.script(fault);
        const client = await sendRaw(upstream.port, postText(path, body, ["Connection: close"]));
        const request = await upstream.nextRequest();
        if (!endless.has(fault.kind)) await client.done;
        else if (fault.kind !== "hang") await client.until(/\r\n\r\n/);
        client.socket.destroy();
        await request.closed;
      }
      const after = await fetch(upstream.origin + path, { method: "POST", body: healthy });
      expect([fault.kind, after.status, (await after.text()).includes(answer)]).toEqual([
        fault.kind,
        200,
        true,
      ]);
      await upstream.nextRequest();
    }
    await upstream.stop();
  },
);

test("a refusal for a time ends by itself", async () => {
  const upstream = await createFakeUpstream({ dialect: "openai" });
  upstream.script([samples.refuse, { kind: "status", status: 503 }]);
  expect(upstream.isListening).toBe(false);
  await expect.poll(() => upstream.isListening).toBe(true);
  const reply = await fetch(`${upstream.origin}/v1/chat/completions`, { method: "POST", body: "{}" });
  expect(reply.status).toBe(503);
  await upstream.stop();
});
