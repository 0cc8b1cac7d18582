import type { ErrorCode } from "@llm-platform/kit";

/** What a person is told about an error code. */
type ErrorText = { readonly meaning: string; readonly remedy: string };

/** One entry for every code there is; a new code does not compile without one. */
export const errorTexts: Readonly<Record<ErrorCode, ErrorText>> = {
  invalid_request: {
    meaning:
      "The request is malformed: no valid JSON, a field of the wrong type, or a field that is missing.",
    remedy: "Correct the field that `param` or `errors` names.",
  },
  unsupported_parameter: {
    meaning: "A field is right in itself, but the model or its server cannot do it.",
    remedy: "Leave the field out, or choose another model.",
  },
  context_length_exceeded: {
    meaning: "Prompt and answer together do not fit into the model's window.",
    remedy: "Shorten the prompt, lower the limit of the answer, or load the model with a larger window.",
  },
  payload_too_large: {
    meaning: "The body is larger than this server takes.",
    remedy: "Send less, or raise `gateway.max_body_bytes`.",
  },
  unsupported_media_type: {
    meaning: "The body is compressed, or is not JSON.",
    remedy: "Send plain `application/json`.",
  },
  request_timeout: {
    meaning: "The client did not send its request in time.",
    remedy: "Look at the client's connection; send the request in one go.",
  },
  unauthenticated: {
    meaning: "No key or token was sent, or one that is not known, or a wrong password.",
    remedy: "Send `Authorization: Bearer KEY` with a key from `auth.api_keys` or `llmp keys create`.",
  },
  forbidden: {
    meaning: "The caller is known, or is on this machine, but may not do this.",
    remedy: "Use a key that may. From a web page: configure API keys.",
  },
  misdirected_request: {
    meaning: "The `Host` header names a server that this one is not.",
    remedy: "Use the address that it listens on, or add the name to `server.allowed_hosts`.",
  },
  not_found: {
    meaning: "There is nothing at this path, or no integration of this name.",
    remedy: "Look at the list of operations, or of integrations.",
  },
  model_not_found: {
    meaning: "No integration offers the model now, and no alias or route has that name.",
    remedy:
      "`GET /v1/models` lists the names. A model that came a moment ago is found after `POST /api/v1/models/refresh`.",
  },
  method_not_allowed: {
    meaning: "The path exists, the method does not.",
    remedy: "Use one of those that the message or `Allow` names.",
  },
  conflict: {
    meaning:
      "Something else is in the way: another server uses the data folder, or a newer version wrote it.",
    remedy: "Do what the message says; the same request alone will not help.",
  },
  rate_limited: {
    meaning: "The caller has used up its calls per minute, or the upstream says that we have.",
    remedy:
      "Wait for `retry-after`. With the source `policy` it is a limit of the configuration, of the key or of its owner: the message names which. With `provider` it is the upstream's limit.",
  },
  budget_exceeded: {
    meaning: "A budget that applies to the call has too little left for what it may cost.",
    remedy:
      "Ask for less with `max_tokens`, wait for the budget's next period (`retry-after`), or have it raised. `llmp budgets list` shows what is left.",
  },
  overloaded: {
    meaning:
      "More calls are in flight, or wait for a model, than may be, or the server is short of memory or time.",
    remedy:
      "Try again after `retry-after`. When it lasts: raise `gateway.max_in_flight` or the queue of the local runtime, or add a server.",
  },
  shutting_down: {
    meaning: "The server is being stopped and takes no more calls.",
    remedy: "Try again in a moment, or at another server.",
  },
  unavailable: {
    meaning:
      "What is needed does not run now: an integration is down, a target's breaker is open, or the store cannot be used.",
    remedy: "Look at `GET /integrations/`: it says why. It is tried again by itself.",
  },
  audit_unavailable: {
    meaning:
      "The change was not made, because the audit log can be written neither in the database nor in its files; or a call of a key whose calls must be on record (`audit: strict`).",
    remedy:
      "Look at the disk of the data folder and at `audit.sink_failed` in the log. It is tried again by itself; then repeat the change or the call.",
  },
  sealed: {
    meaning: "The server was started without the master key that its secrets are sealed under.",
    remedy: 'Give it the key: see "Secrets at rest" in the operate guide. Nothing is lost meanwhile.',
  },
  insufficient_storage: {
    meaning: "The disk is full, or there is no memory for the model.",
    remedy: "Free some, or load a smaller model.",
  },
  client_cancelled: {
    meaning: "The client closed the connection before the end.",
    remedy: "Nothing, when it was on purpose. Otherwise raise the client's own time-out.",
  },
  upstream_auth: {
    meaning: "The upstream refuses the credentials that this server sends it.",
    remedy: "Correct `api_key` of the integration; its state is `auth_required` until then.",
  },
  upstream_error: {
    meaning: "The upstream failed, refused the connection, or broke it.",
    remedy:
      'Look at the upstream\'s own log, or at what it said: see "The log" in the operate guide. Add a fallback, so that clients do not notice.',
  },
  upstream_incomplete: {
    meaning: "The upstream's reply ended without its end. What came until then is not the whole answer.",
    remedy: "Do not use it as one; ask again. Often the upstream ran out of memory.",
  },
  upstream_malformed: {
    meaning: "The upstream answered with something that is not its protocol.",
    remedy: "See that `base_url` and `use` name the right server, and that no proxy rewrites replies.",
  },
  upstream_timeout: {
    meaning: "The upstream took longer than one of the deadlines.",
    remedy: "Look at its load; raise the deadline under `gateway` when the model is that slow.",
  },
  config_invalid: {
    meaning: "The configuration is wrong; every problem is named.",
    remedy: "Correct it; `llmp config validate` checks it without a start.",
  },
  internal: {
    meaning: "A fault of the platform itself.",
    remedy: "Look into the log for the request's id, and report it.",
  },
};

/** The section of the guide to troubleshooting that goes on from each code. */
export const symptoms: Readonly<Record<ErrorCode, string>> = {
  invalid_request: "A request is refused",
  unsupported_parameter: "A request is refused",
  context_length_exceeded: "A request is refused",
  payload_too_large: "A request is refused",
  unsupported_media_type: "A request is refused",
  request_timeout: "A request is refused",
  unauthenticated: "Nobody gets in",
  forbidden: "Nobody gets in",
  misdirected_request: "Nobody gets in",
  not_found: "A request is refused",
  model_not_found: "A request is refused",
  method_not_allowed: "A request is refused",
  conflict: "A request is refused",
  rate_limited: "It says wait",
  budget_exceeded: "It says wait",
  overloaded: "It says wait",
  shutting_down: "It says wait",
  unavailable: "An upstream fails",
  audit_unavailable: "Figures or records are missing",
  sealed: "It does not start",
  insufficient_storage: "The disk or the memory is full",
  client_cancelled: "A stream is not as it should be",
  upstream_auth: "An upstream fails",
  upstream_error: "An upstream fails",
  upstream_incomplete: "A stream is not as it should be",
  upstream_malformed: "An upstream fails",
  upstream_timeout: "An upstream fails",
  config_invalid: "It does not start",
  internal: "It is none of these",
};
