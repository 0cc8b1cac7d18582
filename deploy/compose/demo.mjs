import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const key = (await readFile("/run/secrets/admin_key", "utf8")).trim();
const questions = ["Hello", "How do I add Ollama?", "What is OLLAMA_BASE_URL?"];

for (let turn = 0; ; turn++) {
  const response = await fetch("http://platform:8000/v1/chat/completions", {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({
      model: "demo-chat",
      stream: true,
      messages: [{ role: "user", content: questions[turn % questions.length] }],
    }),
    signal: AbortSignal.timeout(60_000),
  }).then(async (answer) => `${answer.status} ${(await answer.text()).length} bytes`, String);
  process.stdout.write(`${response}\n`);
  await sleep(2_000);
}
