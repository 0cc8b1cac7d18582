import type { JsonObject } from "./chat.ts";

/**
 * The part of the Standard Schema interface, version 1, that the platform uses.
 * Zod, Valibot and ArkType schemas fit as they are. See https://standardschema.dev.
 */
export interface StandardSchema<Output> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
  };
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** How an integration's settings are checked, and drawn as a form. */
export interface SettingsSchema<Settings> {
  readonly schema: StandardSchema<Settings>;
  /** JSON Schema (2020-12) of what a user writes. A secret has `"format": "secret"`. */
  readonly jsonSchema: JsonObject;
}

/** A value that never shows itself: in text, JSON and logs it is `[secret]`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Call it where it is sent, and keep the result nowhere. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "[secret]";
  }
}
