/** Servers whose ways are known. */
export const profileNames = [
  "openai",
  "vllm",
  "localai",
  "text-generation-webui",
  "llama-cpp",
  "lm-studio",
] as const;
export type ProfileName = (typeof profileNames)[number];

/** How one kind of server differs from the others. Paths begin at the server's root, above `/v1`. */
export interface Profile {
  /** Value of `gen_ai.provider.name`. */
  readonly provider: string;
  /** What answers a probe most cheaply; absent where that is the list of models. */
  readonly healthPath?: string;
  /** Where more is told about models than in the list of models. */
  readonly details?: {
    readonly path: string;
    readonly form: "lm-studio-models" | "llama-cpp-props";
  };
  /** By what it is known. */
  readonly marks: ProfileMarks;
}

/** Marks of a server; one is enough. */
interface ProfileMarks {
  /** `owned_by` in the list of models. */
  readonly ownedBy?: string;
  /** Pattern of the header `server`. */
  readonly serverHeader?: RegExp;
  /** A path that only this server answers with an object that has this key; `value` where others have the key too. */
  readonly answer?: {
    readonly path: string;
    readonly key: string;
    readonly value?: RegExp;
  };
}

/** The order is the order in which marks are looked for: a narrow one stands before a wide one. */
export const profiles: Readonly<Record<ProfileName, Profile>> = {
  vllm: {
    provider: "vllm",
    healthPath: "/health",
    // Its version is bare (0.11.0), LocalAI's has a v in front (v3.7.0).
    marks: {
      ownedBy: "vllm",
      answer: { path: "/version", key: "version", value: /^\d/ },
    },
  },
  "llama-cpp": {
    provider: "llama_cpp",
    healthPath: "/health",
    details: { path: "/props", form: "llama-cpp-props" },
    marks: {
      ownedBy: "llamacpp",
      serverHeader: /^llama\.cpp/i,
      answer: { path: "/props", key: "default_generation_settings" },
    },
  },
  "lm-studio": {
    provider: "lm_studio",
    details: { path: "/api/v0/models", form: "lm-studio-models" },
    marks: {
      ownedBy: "organization_owner",
      answer: { path: "/api/v0/models", key: "data" },
    },
  },
  "text-generation-webui": {
    provider: "text_generation_webui",
    healthPath: "/v1/internal/health",
    marks: { answer: { path: "/v1/internal/model/info", key: "model_name" } },
  },
  localai: {
    provider: "localai",
    healthPath: "/readyz",
    // A version with a v in front, or only the commit in brackets for a build by hand.
    marks: { answer: { path: "/version", key: "version", value: /^v|^ ?\(/ } },
  },
  openai: {
    provider: "openai",
    marks: {},
  },
};
