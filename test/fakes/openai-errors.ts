import { encodeJson, type Profile } from "./profiles.ts";
import { type Reply, wholeReply } from "./reply.ts";

/** A refusal as OpenAI words it; the other families say the same in their own shape. */
export type OpenAiError = {
  readonly status: number;
  readonly message: string;
  readonly type: string;
  readonly code?: string;
  readonly param?: string;
};

const vllmTypes: { readonly [status: number]: string } = {
  400: "BadRequestError",
  401: "AuthenticationError",
  404: "NotFoundError",
  500: "InternalServerError",
};

const llamaTypes: { readonly [status: number]: string } = {
  401: "authentication_error",
  404: "not_found_error",
  500: "server_error",
  503: "unavailable_error",
};

/** The JSON value of an error in the family's shape. */
export function errorValue(profile: Profile, error: OpenAiError): unknown {
  const { status, message } = error;
  const param = error.param ?? null;
  switch (profile.name) {
    case "vllm":
      if (status === 401) return { error: "Unauthorized" };
      return { error: { message, type: vllmTypes[status] ?? error.type, param, code: status } };
    case "llama-cpp":
      return { error: { code: status, message, type: llamaTypes[status] ?? error.type } };
    case "localai":
      return { error: { code: status, message, type: status === 401 ? error.type : "" } };
    case "textgen":
      if (status === 401) return { detail: "Unauthorized" };
      return { error: { message, type: error.type, param, code: null } };
    case "lm-studio":
    case "openai":
      return { error: { message, type: error.type, param, code: error.code ?? null } };
  }
}

export function errorReply(profile: Profile, error: OpenAiError): Reply {
  return wholeReply(error.status, profile.jsonHeaders, encodeJson(errorValue(profile, error), profile.json));
}
