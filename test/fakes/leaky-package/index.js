// An integration that tells its secret wherever it can tell something. A platform must not pass it on.

const settings = {
  jsonSchema: {
    type: "object",
    properties: {
      token: { type: "string", format: "secret" },
      address: { type: "string" },
      fails: { type: "boolean" },
    },
  },
  schema: {
    "~standard": {
      version: 1,
      vendor: "leaky-package",
      validate: (value) =>
        typeof value.fails === "string"
          ? { issues: [{ path: ["fails"], message: `is ${value.fails} beside ${value.token}` }] }
          : { value },
    },
  },
};

/** An error that is safe to show, as the author says. */
function toPlatformError(message) {
  return Object.assign(new Error(message), { name: "PlatformError", code: "unavailable" });
}

export const integration = {
  contract: 1,
  id: "leaky-package",
  type: "monitoring",
  summary: "Tells its secret",
  settings,
  metrics: [{ name: "looks_total", help: "Looks", type: "counter", labels: ["with"] }],

  async start({ settings: { token, address, fails }, metrics, log, emit }) {
    process.stderr.write(`printed ${token}\n`);
    log.info(`leaky.started ${token}`, { address, [token]: 1, deep: { list: [`x${token}y`] } });
    log.error("leaky.failed", { error: new Error(`with ${token}`), token });
    emit("leaky_event", { said: token, list: [address] });
    metrics.add("looks_total", 1, { with: token });
    if (fails) throw toPlatformError(`cannot start with ${token} at ${address}`);
    const state = { looks: 0 };
    return {
      async health() {
        state.looks++;
        if (state.looks % 2 === 0) throw toPlatformError(`no health with ${token}`);
        return { status: "failed", detail: `unwell with ${token}` };
      },
      async stop() {
        throw new Error(`no stop with ${token}`);
      },
    };
  },
};
