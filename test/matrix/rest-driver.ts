import { readOperations } from "../../tools/generators/inert-operations.ts";
import { ask, member } from "../e2e/http.ts";
import type { Platform } from "../e2e/start-platform.ts";
import { type Driver, type Outcome, toRefusal } from "./driver.ts";

/** REST: the binding says method and path, what is left of the input is the query or the body. */
export function createRestDriver(platform: Platform): Driver {
  const bindings = new Map(readOperations().map(({ name, rest }) => [name, rest]));
  return {
    name: "rest",
    async call(operation, input, key) {
      const rest = bindings.get(operation);
      if (rest === undefined) throw new Error(`there is no operation ${operation}`);
      const left = { ...input };
      const path = rest.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
        const value = left[name];
        delete left[name];
        return encodeURIComponent(typeof value === "string" ? value : "");
      });
      const hasBody = rest.method !== "GET" && rest.method !== "DELETE";
      const query = hasBody ? "" : `?${new URLSearchParams(Object.entries(left).map(toPair))}`;
      const answer = await ask(platform, path + query, {
        method: rest.method,
        headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
        ...(hasBody ? { body: left } : {}),
      });
      return toOutcome(answer.status, answer.json);
    },
    close: async () => undefined,
  };
}

function toPair([name, value]: [string, unknown]): [string, string] {
  return [name, typeof value === "string" ? value : JSON.stringify(value)];
}

function toOutcome(status: number, json: unknown): Outcome {
  if (status < 300) return { ok: true, output: json };
  const type = String(member(json, "type"));
  const pointer = member(member(member(json, "errors"), "0"), "pointer");
  const field = typeof pointer === "string" ? pointer.slice(1).replaceAll("/", ".") : undefined;
  return toRefusal(type.slice(type.lastIndexOf("/") + 1), field);
}
