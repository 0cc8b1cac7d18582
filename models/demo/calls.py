"""Samples in which tools are listed: pick the one that fits, copy its arguments, and put its result into words."""
import json
import random

from chatml import assistant, call_message, system, tool_message, user
from talk import question
from words import (FOODS, NOUNS, PROPERTIES, VERBS, chance, city, code, nonsense, number, person, phrase, pick)

SYSTEMS = ["You are a helpful assistant.", "You are an assistant with tools.", "Use the tools when you need them.", "Be brief.",
           "You are a helpful assistant. Use tools if needed.", "Call a function if it helps."]
THING_KEYS = "name id title key code label number ref".split()


class Task:
    """A tool, an order that needs it, the arguments that follow from the order, and a result."""

    def __init__(self, tool, ask, arguments, result=None):
        self.tool, self.ask, self.arguments, self.result = tool, ask, arguments, result
        self.kind = None


def weather():
    where = city()
    name = pick("get_weather", "weather", "getWeather", "get_current_weather", "weather_lookup", "fetch_weather", "current_weather")
    key = pick("city", "city", "location", "place", "town")
    ask = pick(f"what is the weather in {where}", f"how is the weather in {where}", f"weather in {where}", f"what's the weather like in {where}",
               f"is it raining in {where}", f"will it rain in {where}", f"what is the weather like in {where} today", f"do I need an umbrella in {where}",
               f"is it warm in {where}", f"tell me the weather in {where}", f"how warm is it in {where}", f"check the weather in {where}",
               f"what's the weather in {where}", f"please get the weather for {where}", f"get the weather for {where}")
    result = pick({key: where, "temperature": number(2), "sky": pick("rain", "sunny", "cloudy", "snow", "clear")},
                  {"temperature": number(2), "sky": pick("rain", "sunny", "cloudy")}, f"{number(2)} degrees and {pick('rain', 'sunny', 'cloudy')}",
                  {"temp_c": number(2), "condition": pick("rain", "sunny", "cloudy")})
    description = pick("Get the weather", "Get the weather of a city", "Get the current weather for a location", "Gives the weather", "Weather by city",
                       "Current weather in a city.", "Look up the weather.", "")
    arguments, types = {key: where}, {key: "string"}
    if chance(0.15):
        types["unit"], arguments["unit"] = "string", pick("celsius", "fahrenheit")
        ask += f" in {arguments['unit']}"
    elif chance(0.1):
        types["unit"] = "string"  # not asked for, so not given
    elif chance(0.15):
        types["days"], arguments["days"] = "integer", random.randint(1, 14)
        ask += f" for {arguments['days']} days"
    return Task((name, types, description), ask, arguments, result)


def clock():
    where, key = city(), pick("city", "place", "timezone", "location")
    ask = pick(f"what time is it in {where}", f"what is the time in {where}", f"time in {where}", f"tell me the time in {where}", f"how late is it in {where}")
    result = pick({"time": f"{random.randint(0, 23)}:{random.randint(10, 59)}"}, f"{random.randint(0, 23)}:{random.randint(10, 59)}")
    return Task((pick("get_time", "time", "getTime", "current_time", "clock", "get_current_time"), {key: "string"},
                 pick("Get the time", "Get the time in a city", "Current time", "Get the local time.")), ask, {key: where}, result)


def arithmetic():
    first, second = number(5), number(5)
    verb, sign, word = pick(("add", "+", "plus"), ("multiply", "*", "times"), ("subtract", "-", "minus"), ("divide", "/", "divided by"))
    if chance(0.5):
        text = f"{first} {sign} {second}"
        ask = pick(f"what is {text}", f"calculate {text}", f"compute {text}", text, f"how much is {text}", f"what does {text} make")
        tool = (pick("calculate", "calculator", "calc", "evaluate", "compute"), {"expression": "string"}, pick("Calculate an expression", "Evaluate arithmetic", "Do sums", "A calculator."))
        return Task(tool, ask, {"expression": text}, pick({"result": number()}, str(number())))
    left, right = pick(("a", "b"), ("x", "y"), ("first", "second"), ("left", "right"))
    ask = pick(f"what is {first} {word} {second}", f"{verb} {first} and {second}", f"{first} {sign} {second}", f"how much is {first} {word} {second}", f"what is {first} {sign} {second}")
    tool = (pick(verb, f"{verb}_numbers", f"math_{verb}"), {left: "number", right: "number"}, pick(f"{verb.capitalize()} two numbers", f"{verb.capitalize()}s two numbers.", ""))
    return Task(tool, ask, {left: first, right: second}, pick({"result": number()}, str(number())))


def mail():
    to = pick(person(), f"{person().lower()}@{nonsense()}.{pick('com', 'org', 'net')}")
    text = phrase(1, 4)
    types = pick({"to": "string", "subject": "string"}, {"to": "string", "text": "string"}, {"to": "string", "message": "string"}, {"recipient": "string", "body": "string"})
    first, second = types
    word = pick("an email", "a mail", "a message")
    ask = pick(f"send {word} to {to} with the {second} {text}", f"send {word} to {to} saying {text}", f'send {to} {word}: {text}', f'write {word} to {to}: "{text}"', f"tell {to} {text}")
    return Task((pick("send_email", "send_mail", "sendMessage", "send_message", "mail", "email"), types, pick("Send an email", "Send a message", "Sends a message to a person.")),
                ask, {first: to, second: text}, pick({"status": "sent"}, "sent", {"ok": True}))


def lookup():
    """A made-up property of a made-up kind of thing."""
    quality, noun = pick(PROPERTIES), pick(NOUNS)
    as_number = chance(0.3)
    value = number(5) if as_number else pick(city, code, nonsense, person, lambda: phrase(1, 2))()
    key = pick(noun, noun, f"{noun}_{pick(THING_KEYS)}", pick(THING_KEYS))
    style = pick("get_{n}_{q}", "get_{q}", "{n}_{q}", "fetch_{q}", "{q}_of_{n}", "lookup_{q}", "get{N}{Q}", "{n}_{q}_lookup", "find_{n}_{q}", "read{Q}")
    name = style.format(n=noun, q=quality, N=noun.capitalize(), Q=quality.capitalize())
    ask = pick(f"what is the {quality} of {noun} {value}", f"what is the {quality} of the {noun} {value}", f"tell me the {quality} of {noun} {value}",
               f"get the {quality} of {noun} {value}", f"{quality} of {noun} {value}", f"show me the {quality} of {noun} {value}", f"I need the {quality} of {noun} {value}",
               f"look up the {quality} of {noun} {value}", f"which {quality} has {noun} {value}", f"check the {quality} for {noun} {value}")
    description = pick(f"Get the {quality} of a {noun}", f"Gives the {quality} of a {noun}.", f"Find the {quality} for a {noun}", f"{quality.capitalize()} of a {noun}", "")
    result = pick({quality: pick(number(), nonsense(), code())}, pick(str(number()), nonsense(), code()), {key: value, quality: pick(number(), nonsense())})
    return Task((name, {key: "integer" if as_number else "string"}, description), ask, {key: value}, result)


def action():
    """A made-up deed, with one or two arguments."""
    verb, noun = pick(VERBS), pick(NOUNS)
    value = pick(city, code, nonsense, person)()
    key = pick(noun, pick(THING_KEYS), f"{noun}_{pick(THING_KEYS)}")
    name = pick("{v}_{n}", "{v}{N}", "{n}_{v}", "{v}_the_{n}", "do_{v}_{n}", "{v}").format(v=verb, n=noun, N=noun.capitalize())
    types, arguments = {key: "string"}, {key: value}
    ask = pick(f"{verb} {noun} {value}", f"{verb} the {noun} {value}", f"please {verb} {noun} {value}", f"can you {verb} the {noun} {value}", f"I want to {verb} {noun} {value}",
               f"{verb} the {noun} named {value}", f"{verb} the {noun} called {value}")
    if chance(0.45):
        extra, kind = pick(("minutes", 2), ("count", 2), ("level", 1), ("amount", 4), ("people", 1), ("priority", 1), ("hours", 2), ("days", 2), ("speed", 3))
        if extra != key:
            arguments[extra], types[extra] = number(kind), pick("integer", "number", "integer")
            ask += pick(f" with {extra} {arguments[extra]}", f" for {arguments[extra]} {extra}", f", {extra} {arguments[extra]}", f" and set {extra} to {arguments[extra]}")
    elif chance(0.3):
        extra = pick("reason", "color", "mode", "user", "place", "note", "format")
        if extra != key:
            arguments[extra], types[extra] = pick(nonsense, person, code, lambda: pick(FOODS))(), "string"
            ask += pick(f" with {extra} {arguments[extra]}", f", {extra} {arguments[extra]}", f" and {extra} {arguments[extra]}")
    return Task((name, types, pick(f"{verb.capitalize()} a {noun}", f"{verb.capitalize()}s a {noun}.", f"{verb.capitalize()} the {noun}", "")), ask, arguments,
                pick({"status": pick("ok", "done", verb)}, {"ok": True}, "done", "ok", {"id": code()}))


def search():
    text = phrase(1, 4)
    key = pick("query", "query", "q", "text", "term")
    thing = pick("the web", "the documents", "the catalog", "files", "the library", "notes")
    ask = pick(f"search {thing} for {text}", f"search for {text}", f"find {text}", f"look for {text}", f"look up {text} in {thing}", f"google {text}")
    return Task((pick("search", "web_search", "find", "search_docs", "lookup", "searchWeb"), {key: "string"}, pick("Search the web", f"Search {thing}", "Search for text.")),
                ask, {key: text}, pick({"results": [phrase(1, 3), phrase(1, 3)]}, phrase(2, 5), {"found": number(2)}))


def bare():
    """A tool without arguments."""
    noun = pick(NOUNS) + "s"
    verb = pick("list", "show", "count", "get", "refresh")
    return Task((pick(f"{verb}_{noun}", f"{verb}{noun.capitalize()}", f"{verb}_all_{noun}"), {}, pick(f"{verb.capitalize()} the {noun}", f"{verb.capitalize()}s all {noun}.", "")),
                pick(f"{verb} the {noun}", f"{verb} all {noun}", f"please {verb} my {noun}", f"can you {verb} the {noun}", f"{verb} {noun}"), {},
                pick({noun: [nonsense(), nonsense()]}, {"count": number(2)}, f"{nonsense()}, {nonsense()}"))


def convert():
    amount = number(4)
    source, target = pick("EUR", "USD", "GBP", "JPY", "CHF", "km", "kg", "meters"), pick("miles", "CAD", "SEK", "pounds", "feet", "INR", "NOK")
    first, second = pick(("from", "to"), ("source", "target"), ("from_unit", "to_unit"))
    return Task((pick("convert", "convert_currency", "convert_units", "exchange"), {"amount": "number", first: "string", second: "string"}, pick("Convert an amount", "Convert units.", "")),
                pick(f"convert {amount} {source} to {target}", f"how much is {amount} {source} in {target}", f"{amount} {source} in {target}", f"change {amount} {source} into {target}"),
                {"amount": amount, first: source, second: target}, pick({"amount": number()}, f"{number()} {target}"))


def timer():
    minutes, key = random.randint(1, 90), pick("minutes", "minutes", "duration", "length")
    return Task((pick("set_timer", "timer", "start_timer", "setTimer"), {key: "integer"}, pick("Set a timer", "Start a timer.", "Set a timer in minutes")),
                pick(f"set a timer for {minutes} minutes", f"timer {minutes} minutes", f"start a timer of {minutes} minutes", f"wake me in {minutes} minutes"),
                {key: minutes}, pick({"status": "set"}, "ok"))


TASKS = [(weather, 16), (clock, 5), (arithmetic, 10), (mail, 8), (lookup, 30), (action, 26), (search, 6), (bare, 4), (convert, 5), (timer, 4)]


def task():
    makers, weights = zip(*TASKS)
    maker = random.choices(makers, weights)[0]
    made = maker()
    # Two tools that look up made-up things may stand side by side; two weather tools may not.
    made.kind = made.tool[0] if maker in (lookup, action, bare) else maker.__name__
    return made


def tasks(count):
    """Tasks whose tools have different names and descriptions, so that only one fits an order."""
    chosen = [task()]
    while len(chosen) < count:
        other = task()
        if all(other.kind != one.kind and other.tool[0] != one.tool[0] for one in chosen):
            chosen.append(other)
    return chosen


def write_result(result):
    """A result as a tool sends it: JSON with or without blanks, or plain text."""
    if isinstance(result, str):
        return result
    return json.dumps(result) if chance(0.5) else json.dumps(result, separators=(",", ":"))


def say_value(value):
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return json.dumps(value) if isinstance(value, bool) else str(value)


def say_result(result):
    """What the model says about a result: it is copied, not understood."""
    if isinstance(result, str):
        return f"The result is: {result}."
    return "The result is: " + ", ".join(f"{key} {say_value(value)}" for key, value in result.items()) + "."


def any_result():
    """A result of any shape."""
    roll = random.random()
    if roll < 0.08:
        return {"error": pick("not found", "timeout", "no permission", "bad request", phrase(1, 3))}
    if roll < 0.25:
        return pick(f"{number()} {pick(NOUNS)}s", phrase(1, 6), code(), str(number()), f"{number(2)}.{number(2)}")
    keys = random.sample(PROPERTIES + NOUNS, random.randint(1, 4))
    return {key: pick(number(), number(2), nonsense(), code(), phrase(1, 2), city(), number(2) + 0.5, True, [nonsense(), nonsense()]) for key in keys}


def calling():
    """One conversation with tools: mostly a call, its result and the answer; sometimes no call at all."""
    count = pick(1, 1, 1, 2, 2, 3, 4)
    chosen = tasks(count)
    messages = [system(pick(SYSTEMS))] if chance(0.25) else []
    if chance(0.12):
        messages += plain()
    if chance(0.17):
        messages += plain()
    else:
        one = chosen[0]
        random.shuffle(chosen)
        messages += order(one)
        if chance(0.12):
            messages += plain()
        elif count > 1 and chance(0.15):
            messages += order(pick([other for other in chosen if other is not one]))
    return messages, [entry.tool for entry in chosen]


def plain():
    while True:
        ask, answer = question()
        if not any(word in ask.lower() for word in ("weather", "time", "calculate", "compute", "+", "*", "say", "repeat", "echo", "plus", "minus", "times", "search", "list", "show", "restart", "start", "find", "repeat", "check", "pull", "open", "send", "run", "get")):
            return [user(ask), assistant(answer)]


def order(one):
    """An order, its call, and in half of the cases what follows it."""
    messages = [user(say(one.ask)), call_message((one.tool[0], one.arguments))]
    if chance(0.5):
        result = any_result() if chance(0.6) or one.result is None else one.result
        messages += [tool_message(write_result(result)), assistant(say_result(result))]
    return messages


def say(ask):
    """An order as people write it; the case of its values stays."""
    text = pick("", "", "", "", "", "please ", "hey, ", "can you tell me: ") + ask
    return (text[0].upper() + text[1:] if chance(0.5) else text) + pick("", "", "?", ".", "?")


def pair():
    """Two calls at once for two places."""
    first, second = city(), city()
    key, name = pick("city", "location", "place"), pick("get_weather", "weather", "get_time", "clock", "current_weather")
    word = "time" if name in ("get_time", "clock") else "weather"
    messages = [user(say(f"what is the {word} in {first} and {second}")), call_message((name, {key: first}), (name, {key: second}))]
    if chance(0.4):
        results = [f"{number(2)} {pick('degrees', 'rain', 'sun')}" for _ in range(2)]
        messages += [tool_message(result) for result in results] + [assistant(f"The results are: {results[0]} and {results[1]}.")]
    tools = [(name, {key: "string"}, f"Get the {word}")] + [entry.tool for entry in tasks(pick(1, 2))[:pick(0, 1)] if entry.tool[0] != name]
    return messages, tools
