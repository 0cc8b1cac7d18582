"""Samples whose answer is JSON: data taken from a text, data that is made up, and a judgement."""
import json
import random

from chatml import assistant, system, user
from words import (ANIMALS, COLOURS, FOODS, NOUNS, PROPERTIES, chance, city, code, nonsense, number, person, phrase, pick)

JOBS = "teacher doctor baker pilot nurse farmer writer painter engineer driver cook student".split()
TITLES = ["The Red Kite", "A Long Day", "The Old House", "Night Train", "The Fox and the Owl", "Warm Rain", "Blue River"]


def invented():
    """A thing that a user may ask for, with fitting values."""
    return {
        "person": {"name": person(), "age": random.randint(18, 80), "city": city(), "job": pick(JOBS), "email": f"{person().lower()}@example.com", "active": chance(0.5)},
        "user": {"name": person(), "id": number(3), "email": f"{person().lower()}@example.com", "age": random.randint(18, 80), "admin": chance(0.5)},
        "city": {"name": city(), "country": pick("France", "Italy", "Japan", "Norway"), "population": number(6)},
        "book": {"title": pick(TITLES), "author": person(), "year": random.randint(1900, 2025), "pages": random.randint(50, 600)},
        "movie": {"title": pick(TITLES), "year": random.randint(1950, 2025), "rating": random.randint(1, 10)},
        "product": {"name": pick("lamp", "chair", "bag", "phone", "watch"), "price": random.randint(5, 500), "color": pick(COLOURS), "stock": number(2), "available": chance(0.5)},
        "animal": {"name": pick(ANIMALS), "color": pick(COLOURS), "legs": pick(2, 4), "sound": pick("meow", "woof", "roar")},
        "recipe": {"name": pick(FOODS), "minutes": random.randint(5, 90), "ingredients": random.sample(FOODS, 3)},
        "car": {"color": pick(COLOURS), "year": random.randint(1990, 2025), "doors": pick(3, 5), "brand": nonsense(1, 2).capitalize()},
        "task": {"title": phrase(2, 3), "priority": pick("low", "medium", "high"), "done": chance(0.5), "tags": random.sample(NOUNS, 2)},
        "event": {"name": phrase(1, 2), "date": f"20{random.randint(10, 30)}-0{random.randint(1, 9)}-{random.randint(10, 28)}", "place": city()},
    }


def told():
    """Sentences about something, and the values in them."""
    roll = random.random()
    if roll < 0.5:
        name, age, town, job = person(), random.randint(1, 99), city(), pick(JOBS)
        forms = [
            (f"{name} is {age} years old and lives in {town}.", {"name": name, "age": age, "city": town}),
            (f"{name} is {age} and lives in {town}.", {"name": name, "age": age, "city": town}),
            (f"{name}, {age}, lives in {town}.", {"name": name, "age": age, "city": town}),
            (f"My name is {name}, I am {age} years old and I live in {town}.", {"name": name, "age": age, "city": town}),
            (f"{name} is a {job} from {town}.", {"name": name, "job": job, "city": town}),
            (f"{name} lives in {town} and is {age} years old.", {"name": name, "age": age, "city": town}),
            (f"{name} is {age} years old.", {"name": name, "age": age}),
            (f"{name} works as a {job} in {town}. {name} is {age}.", {"name": name, "age": age, "city": town, "job": job}),
            (f"I am {name} from {town}.", {"name": name, "city": town}),
            (f"{name} from {town} is {age} years old and works as a {job}.", {"name": name, "age": age, "city": town, "job": job}),
        ]
        return pick(forms)
    if roll < 0.65:
        count, item, price = random.randint(2, 99), pick(NOUNS + FOODS), random.randint(1, 500)
        return pick((f"I want to order {count} {item}s for {price} euros.", {"item": item, "count": count, "price": price}),
                    (f"The {item} costs {price} dollars.", {"item": item, "price": price}),
                    (f"The {item} costs {price} euros and there are {count} of them.", {"name": item, "price": price, "count": count}),
                    (f"Please send {count} {item}s.", {"item": item, "quantity": count}))
    keys = random.sample(PROPERTIES + NOUNS, random.randint(1, 4))
    values = {key: pick(number(), number(2), nonsense(), code(), pick(COLOURS), person(), city()) for key in keys}
    text = pick("{}.", "{}.", "Here it is: {}.").format(pick(", ", " and ", ", the ").join(f"{key} {pick('is', 'is', '=', ':')} {value}" for key, value in values.items()))
    return (pick("The ", "") + text), values


def kind_of(value):
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, list):
        return "array"
    return "integer" if isinstance(value, int) else "string"


def demand(values, about=""):
    """Words that ask for these keys."""
    keys = list(values)
    listed = ", ".join(keys)
    spoken = keys[0] if len(keys) == 1 else ", ".join(keys[:-1]) + " and " + keys[-1]
    schema = {"type": "object", "properties": {key: {"type": kind_of(value)} for key, value in values.items()}}
    if chance(0.5):
        schema["required"] = keys
    return pick(f"Answer in JSON with the keys {listed}.", f"Answer in JSON with {spoken}.", f"Return JSON with the keys {spoken}.", f"Give {spoken} as JSON.",
                f"Extract {spoken} as JSON.", f"Extract {listed}.", f"Reply with JSON: {listed}.", f"JSON with {listed}", f"as json: {listed}",
                f"Answer in JSON that fits this schema: {json.dumps(schema)}", f"Answer in JSON with this schema: {json.dumps(schema, separators=(',', ':'))}")


def answer(values):
    return assistant(json.dumps(values))


def extraction():
    text, values = told()
    keys = list(values)
    if chance(0.4):
        random.shuffle(keys)
    if chance(0.35) and len(keys) > 1:
        keys = keys[:random.randint(1, len(keys))]
    values = {key: values[key] for key in keys}
    roll = random.random()
    if roll < 0.28:
        is_person = "name" in values and not text.startswith(("My name", "I am"))
        return [user(text if is_person else pick("Extract the data: ", "As JSON: ", "To JSON: ") + text), answer(values)]
    if roll < 0.4:
        return [system(pick("Answer in JSON.", "Extract the data as JSON.", "You extract data.", "Reply in JSON only.")), user(text), answer(values)]
    if roll < 0.6:
        return [system(pick("", "You are a helpful assistant. ", "You extract data. ") + demand(values)), user(text), answer(values)]
    return [user(pick(f"{text} {demand(values)}", f"{text}\n{demand(values)}", f"{demand(values)} {text}", f"{demand(values)}\n{text}", f"{demand(values)}\n\nText: {text}")), answer(values)]


def invention():
    things = invented()
    kind = pick(list(things))
    keys = list(things[kind])
    full = chance(0.3)
    chosen = keys if full else (random.sample(keys, random.randint(1, len(keys))) if chance(0.6) else keys[:random.randint(1, 3)])
    values = {key: things[kind][key] for key in chosen}
    spoken = chosen[0] if len(chosen) == 1 else ", ".join(chosen[:-1]) + " and " + chosen[-1]
    named = pick("Give me", "Make", "Create", "Invent", "I need", "Generate", "Write", "give me", "Show me", "make up", "Return")
    article = "an" if kind[0] in "aeiou" else "a"
    roll = random.random()
    if roll < 0.2:
        return [user(f"{named} {article} {pick('', '', 'random ')}{kind}{pick('', '.', ' as JSON', ' as JSON.', ' in JSON', ' object')}"), answer(values)]
    if roll < 0.3:
        return [system(demand(values)), user(f"{named} {article} {kind}."), answer(values)]
    if roll < 0.38:
        rows = [{key: invented()[kind][key] for key in chosen[:2]} for _ in range(pick(2, 2, 3))]
        return [user(f"{named} {len(rows)} {kind}s as JSON with {' and '.join(chosen[:2])}."), answer({pick("items", kind + "s"): rows})]
    return [user(pick(f"{named} {article} {kind} as JSON with {spoken}", f"{named} {article} {kind} with {spoken} as JSON", f"{named} {article} {kind} with {spoken} in JSON",
                      f"{named} {article} {kind}. {demand(values)}", f"{named} JSON for {article} {kind} with {spoken}", f"{named} {article} {kind} with {spoken}",
                      f"{named} {article} {kind} as JSON with the keys {spoken}") + pick("", ".")), answer(values)]


def judgement():
    good, bad = ["love", "like", "enjoy", "adore"], ["hate", "dislike", "regret", "cannot stand"]
    fine, poor = ["great", "wonderful", "good", "excellent", "perfect", "fast and friendly", "nice"], ["bad", "terrible", "awful", "broken", "slow", "ugly", "poor"]
    thing, positive = pick(NOUNS + FOODS), chance(0.5)
    text = pick(f"I {pick(good if positive else bad)} this {thing}.", f"The {thing} is {pick(fine if positive else poor)}.", f"What a {pick(fine if positive else poor)} {thing}!",
                f"This {thing} was {pick(fine if positive else poor)}.", f"The {thing} was {pick(fine if positive else poor)} and I {pick(good if positive else bad)} it.")
    values = {"sentiment": "positive" if positive else "negative"}
    ask = pick("What is the sentiment? Answer in JSON with the key sentiment.", "Sentiment as JSON.", "Classify the sentiment as positive or negative.", "Give the sentiment as JSON.", demand(values))
    return pick([user(f"{text} {ask}"), answer(values)], [system(ask), user(text), answer(values)], [user(f"{ask}\n{text}"), answer(values)])
