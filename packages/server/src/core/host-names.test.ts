import { expect, test } from "vitest";
import { HostNames } from "./host-names.ts";

const createNames = () => new HostNames("gateway-7", "/home/ada");

test("a host has the same stand-in wherever it stands, also without its address", () => {
  const names = createNames();
  names.learnFrom("https://llm.corp.example:8443/v1 and http://10.1.2.3:11434");
  expect(names.hide("https://llm.corp.example:8443/v1 refused; LLM.corp.example is down")).toBe(
    "https://host-2:8443/v1 refused; host-2 is down",
  );
  expect(names.hide("connect 10.1.2.3:11434 on gateway-7")).toBe("connect host-3:11434 on host-1");
});

test("what every machine has stays, and so does what only looks alike", () => {
  const names = createNames();
  names.learn(["localhost", "127.0.0.1:8000", "0.0.0.0", "db"]);
  names.learnFrom("redis://[::1]:6379 http://localhost:1");
  const text = "http://localhost:8000 127.0.0.1 0.0.0.0 db gateway-77 0.1.0";
  expect(names.hide(text)).toBe(text);
});

test("people are not named by their e-mail or home folder", () => {
  expect(createNames().hide("ada@corp.example in /home/ada/.local/share")).toBe("[e-mail] in ~/.local/share");
});

test("credentials in front of a host are no part of its name", () => {
  const names = createNames();
  names.learnFrom('"postgres://user:pass@db.corp.example/llm"');
  expect(names.hide("db.corp.example")).toBe("host-2");
});
