"""Calls the platform with the SDKs of OpenAI, Anthropic and Ollama, and says what came of each call, a JSON object a line.

Arguments: the platform's address and a key.
"""

import asyncio
import json
import sys
from typing import Literal

import anthropic
import ollama
import openai
from pydantic import BaseModel

url, key = sys.argv[1:]
question = [{"role": "user", "content": "one two three"}]
model, broken, local = "fake/tiny-chat", "broken/tiny-chat", "demo-chat"


class City(BaseModel):
    """A place that a model of any quality can name."""

    name: Literal["Paris", "Rome"]
    is_capital: bool


weather = {
    "name": "get_weather",
    "description": "The weather in a city.",
    "schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def say(step, call):
    """Prints what a call returns, or the error that it raises."""
    try:
        print(json.dumps({"step": step, "result": call()}), flush=True)
    except Exception as error:
        body = getattr(error, "body", None)
        facts = {
            "error": type(error).__name__,
            "status": getattr(error, "status_code", None),
            "code": getattr(error, "code", None),
            "param": getattr(error, "param", None),
            "body": body if isinstance(body, dict) else None,
            "message": str(error),
        }
        print(json.dumps({"step": step, **facts}), flush=True)


def with_openai():
    client = openai.OpenAI(base_url=url + "/v1", api_key=key, max_retries=0)
    chats, responses = client.chat.completions, client.responses

    def stream(of):
        text, usage = "", None
        options = {"include_usage": True}
        for chunk in chats.create(model=of, messages=question, stream=True, stream_options=options):
            text += "".join(choice.delta.content or "" for choice in chunk.choices)
            usage = chunk.usage or usage
        return {"text": text, "tokens": usage.total_tokens}

    def parsed():
        with chats.stream(model=local, messages=question, response_format=City) as events:
            for _ in events:
                pass
            return City.model_validate_json(events.get_final_completion().choices[0].message.content).model_fields_set

    def tool():
        function = {"name": weather["name"], "description": weather["description"], "parameters": weather["schema"]}
        tools = [{"type": "function", "function": function}]
        answer = chats.create(model=model, messages=question, tools=tools, tool_choice="required").choices[0]
        return [answer.finish_reason, [call.function.name for call in answer.message.tool_calls]]

    def chain():
        first = responses.create(model=model, input="one two")
        second = responses.create(model=model, input="three", previous_response_id=first.id)
        kept = responses.retrieve(first.id).output_text
        items = len(responses.input_items.list(second.id).data)
        responses.delete(first.id)
        return [kept, second.previous_response_id == first.id, items]

    def response_stream():
        with responses.stream(model=model, input="one two three") as events:
            kinds = [event.type for event in events]
            return [kinds[0], kinds[-1], events.get_final_response().output_text]

    async def together():
        async with openai.AsyncOpenAI(base_url=url + "/v1", api_key=key) as many:
            calls = [many.chat.completions.create(model=model, messages=question) for _ in range(8)]
            return len([answer for answer in await asyncio.gather(*calls) if answer.choices])

    say("openai models", lambda: [each.id for each in client.models.list()])
    say("openai chat", lambda: chats.create(model=model, messages=question).choices[0].message.content)
    say("openai stream", lambda: stream(model))
    say("openai parsed", lambda: sorted(parsed()))
    say("openai tool", tool)
    say("openai completion", lambda: client.completions.create(model=local, prompt="Once", max_tokens=4).usage.completion_tokens)
    say("openai embedding", lambda: len(client.embeddings.create(model="demo-embed", input=["a", "b"]).data[1].embedding))
    say("openai responses", chain)
    say("openai response stream", response_stream)
    say("openai together", lambda: asyncio.run(together()))
    say("openai broken stream", lambda: stream(broken))
    say("openai unknown model", lambda: chats.create(model="none", messages=question).id)
    say("openai wrong field", lambda: chats.create(model=local, messages=question, temperature=9).id)
    say("openai wrong key", lambda: [each.id for each in client.with_options(api_key="wrong").models.list()])


def with_anthropic():
    client = anthropic.Anthropic(base_url=url, api_key=key, max_retries=0)
    asked = {"max_tokens": 100, "messages": question}

    def stream(of):
        with client.messages.stream(model=of, **asked) as events:
            return ["".join(events.text_stream), events.get_final_message().stop_reason]

    def tool():
        tools = [{"name": weather["name"], "description": weather["description"], "input_schema": weather["schema"]}]
        answer = client.messages.create(model=model, tools=tools, tool_choice={"type": "any"}, **asked)
        return [answer.stop_reason, [part.name for part in answer.content if part.type == "tool_use"]]

    say("anthropic models", lambda: [each.id for each in client.models.list()])
    say("anthropic message", lambda: client.messages.create(model=model, **asked).content[0].text)
    say("anthropic stream", lambda: stream(model))
    say("anthropic tool", tool)
    say("anthropic count", lambda: client.messages.count_tokens(model=local, messages=question).input_tokens)
    say("anthropic broken stream", lambda: stream(broken))
    say("anthropic unknown model", lambda: client.messages.create(model="none", **asked).id)


def with_ollama():
    client = ollama.Client(host=url, headers={"authorization": "Bearer " + key})

    def stream(of):
        parts = list(client.chat(model=of, messages=question, stream=True))
        return ["".join(part.message.content or "" for part in parts), parts[-1].done_reason]

    def parsed():
        answer = client.chat(model=local, messages=question, format=City.model_json_schema())
        return sorted(City.model_validate_json(answer.message.content).model_fields_set)

    say("ollama list", lambda: [each.model for each in client.list().models])
    say("ollama chat", lambda: client.chat(model=model, messages=question).message.content)
    say("ollama stream", lambda: stream(model))
    say("ollama parsed", parsed)
    say("ollama generate", lambda: client.generate(model=local, prompt="Once", options={"num_predict": 4}).done_reason)
    say("ollama embed", lambda: len(client.embed(model="demo-embed", input=["a", "b"]).embeddings))
    say("ollama show", lambda: client.show(local).capabilities)
    say("ollama broken stream", lambda: stream(broken))
    say("ollama unknown model", lambda: client.chat(model="none", messages=question).message.content)


with_openai()
with_anthropic()
with_ollama()
