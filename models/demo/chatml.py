"""How a chat is written as a prompt: the Jinja template that goes into the file, and the same thing in Python."""
import json

TEMPLATE = """\
{%- set first = messages[0] %}
{%- set has_system = first.role == 'system' %}
{%- if has_system or tools %}
{{- '<|im_start|>system\\n' }}
{%- if has_system %}{{- first.content }}{%- endif %}
{%- if has_system and tools %}{{- '\\n' }}{%- endif %}
{%- if tools %}
{{- 'Tools:' }}
{%- for tool in tools %}
{%- set function = tool.function if tool.function is defined else tool %}
{{- '\\n' + function.name + '(' }}
{%- if function.parameters is defined and function.parameters.properties is defined %}
{%- for key, value in function.parameters.properties.items() %}
{{- key + ': ' + (value.type if value.type is string else 'any') }}
{%- if not loop.last %}{{- ', ' }}{%- endif %}
{%- endfor %}
{%- endif %}
{{- ')' }}
{%- if function.description %}{{- ' ' + function.description }}{%- endif %}
{%- endfor %}
{%- endif %}
{{- '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
{%- if message.role == 'tool' %}
{%- if loop.first or messages[loop.index0 - 1].role != 'tool' %}{{- '<|im_start|>user' }}{%- endif %}
{{- '\\n<tool_response>\\n' + message.content + '\\n</tool_response>' }}
{%- if loop.last or messages[loop.index0 + 1].role != 'tool' %}{{- '<|im_end|>\\n' }}{%- endif %}
{%- elif message.role == 'assistant' and message.tool_calls %}
{{- '<|im_start|>assistant' }}
{%- if message.content %}{{- '\\n' + message.content }}{%- endif %}
{%- for call in message.tool_calls %}
{%- set function = call.function if call.function is defined else call %}
{{- '\\n<tool_call>\\n{"name": "' + function.name + '", "arguments": ' }}
{{- function.arguments if function.arguments is string else function.arguments | tojson }}
{{- '}\\n</tool_call>' }}
{%- endfor %}
{{- '<|im_end|>\\n' }}
{%- elif not (loop.first and message.role == 'system') %}
{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""


def system(text):
    return {"role": "system", "content": text}


def user(text):
    return {"role": "user", "content": text}


def assistant(text):
    return {"role": "assistant", "content": text}


def call_message(*calls):
    """An assistant message that calls tools, from (name, arguments) pairs."""
    return {"role": "assistant", "content": "", "calls": calls}


def tool_message(text):
    return {"role": "tool", "content": text}


def format_call(name, arguments):
    return "<tool_call>\n" + json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False) + "\n</tool_call>"


def format_tool(tool):
    """One line of the tool list; a tool here is (name, {argument: type}, description)."""
    name, arguments, description = tool
    listed = ", ".join(f"{key}: {kind}" for key, kind in arguments.items())
    return f"\n{name}({listed})" + (f" {description}" if description else "")


def render(messages, tools=()):
    """Gives (text, is_answer) parts; the model learns the parts that are answers."""
    parts = [["<s>", False]]
    first = messages[0]["content"] if messages[0]["role"] == "system" else None
    if first is not None or tools:
        listing = "Tools:" + "".join(map(format_tool, tools)) if tools else None
        text = "\n".join(part for part in (first, listing) if part is not None)
        parts.append([f"<|im_start|>system\n{text}<|im_end|>\n", False])
    previous = None
    for index, message in enumerate(messages):
        role, content = message["role"], message["content"]
        if role == "tool":
            last = index + 1 == len(messages) or messages[index + 1]["role"] != "tool"
            opening = "" if previous == "tool" else "<|im_start|>user"
            closing = "<|im_end|>\n" if last else ""
            parts.append([f"{opening}\n<tool_response>\n{content}\n</tool_response>{closing}", False])
        elif role == "assistant":
            calls = message.get("calls", ())
            answer = "\n".join(([content] if content else []) + [format_call(*call) for call in calls])
            parts += [["<|im_start|>assistant\n", False], [answer + "<|im_end|>", True], ["\n", False]]
        elif index > 0 or role != "system":
            parts.append([f"<|im_start|>{role}\n{content}<|im_end|>\n", False])
        previous = role
    return parts
