"""Samples of plain talk: small talk, small knowledge, the platform's facts, and a modest "I do not know"."""
import json
import os
import random
import re

from chatml import assistant, user
from words import (ANIMALS, CAPITALS, COLOURS, FOODS, NAMES, NOUNS, OPPOSITES, PROPERTIES, VERBS, chance, city, nonsense,
                   number, person, phrase, pick)

FALLBACK = "I am a tiny demo model and do not know that. Ask me about llm-platform, or add a real model."
_alternatives = re.compile(r"\[([^\[\]]*)\]")
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "facts.json"), encoding="utf-8") as _file:
    FACTS = json.load(_file)["facts"]
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
SOUNDS = {"cat": "meow", "dog": "woof", "cow": "moo", "duck": "quack", "sheep": "baa", "lion": "roar"}
THINGS = {"the sky": "blue", "grass": "green", "snow": "white", "a banana": "yellow", "blood": "red", "coal": "black",
          "a lemon": "yellow", "the sun": "yellow", "the sea": "blue", "a strawberry": "red", "a leaf": "green"}
JOKES = ["Why did the token cross the stream? To get to the other side.",
         "I would tell you a long joke, but my context is short.",
         "Why was the server calm? It had no open issues."]
POEM = "The sun goes up, the sun goes down, a little fox runs through the town. The moon is bright, the night is deep, and now it is the time to sleep."
SMALL_TALK = [
    (["hello", "hi", "hey", "hi there", "hello there", "good morning", "good evening", "good day", "hey there", "hello you",
      "greetings", "hi demo model", "good afternoon", "hello model", "yo", "hiya"], "Hello! How can I help you today?"),
    (["how are you", "how are you doing", "how do you do", "are you ok", "how is it going", "how are you today", "what's up",
      "how do you feel", "all well", "are you well"], "I am fine, thank you. How can I help you?"),
    (["thanks", "thank you", "thank you very much", "thanks a lot", "many thanks", "thx", "great, thanks", "thank you so much",
      "perfect, thank you", "ok thanks", "cheers", "that helped", "that was helpful"], "You are welcome!"),
    (["bye", "goodbye", "see you", "good night", "bye bye", "see you later", "farewell", "I have to go", "until tomorrow"],
     "Goodbye! Have a nice day."),
    (["ok", "okay", "good", "great", "nice", "fine", "cool", "I see", "well done", "very good", "yes", "alright", "wow"],
     "Good. What else can I do for you?"),
    (["no", "nothing", "never mind", "stop", "nothing else", "forget it", "no thanks"], "All right. I am here if you need me."),
    (["tell me a joke", "make me laugh", "say something funny", "do you know a joke", "joke", "another joke"], JOKES),
    (["I am sad", "I am tired", "I feel bad", "I am bored", "I had a bad day", "I feel sad", "I am unhappy"],
     "I am sorry to hear that. I hope your day gets better."),
    (["I am happy", "I feel great", "I feel good", "I had a good day", "today is a good day"], "I am glad to hear that!"),
    (["test", "testing", "this is a test", "ping", "are you there", "can you hear me", "does this work", "are you working"],
     "Yes, I am here and it works."),
    (["sorry", "I am sorry", "excuse me", "my mistake"], "No problem at all."),
    (["write a poem", "tell me a poem", "write me a short poem", "a poem please", "make a poem"], POEM),
    (["name the days of the week", "what are the days of the week", "list the days of the week", "which days has a week"],
     ", ".join(DAYS) + "."),
    (["name the months", "what are the months of the year", "list the months", "list the twelve months"], ", ".join(MONTHS) + "."),
    (["say the alphabet", "what is the alphabet", "tell me the alphabet", "write the alphabet", "recite the alphabet"],
     "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z."),
    (["how many days has a week", "how many days are in a week"], "A week has seven days."),
    (["how many months has a year", "how many months are in a year"], "A year has twelve months."),
    (["name three colours", "list three colors", "tell me three colors", "name some colours"], "Red, green and blue."),
    (["name three animals", "list three animals", "tell me some animals", "name some animals"], "A cat, a dog and a fox."),
]


def expand(pattern):
    """Replaces each [a|b] by one of its choices, from the inside out."""
    while True:
        done = _alternatives.sub(lambda match: pick(match.group(1).split("|")), pattern)
        if done == pattern:
            return re.sub(r" +", " ", done).strip()
        pattern = done


def roughen(question, is_question=True):
    """Writes a question as people do: polite or not, with or without capitals and marks, sometimes with a slip."""
    text = question
    roll = random.random()
    if roll < 0.05:
        text = pick("please tell me, ", "hey, ", "hi, ", "so, ", "ok, ", "hello, ", "and ", "tell me: ", "question: ") + text
    elif roll < 0.08 and is_question:
        text = text + pick(" please", ", please", " exactly", " then", " again")
    if chance(0.6):
        text = text[0].upper() + text[1:]
    elif chance(0.4):
        text = text.lower()
    if chance(0.65):
        text += pick("?", "?", "?", ".") if is_question else pick(".", "!", ".")
    if chance(0.04):
        place = random.randrange(len(text))
        if text[place].islower():
            text = text[:place] + text[place + 1:]
    return text


HEADLINES = [each for each in FACTS if each["id"] in ("ollama", "metrics")]


def fact():
    """A question about llm-platform; those that everyone asks first come more often."""
    chosen = pick(HEADLINES) if chance(0.2) else pick(FACTS)
    question = expand(pick(chosen["questions"]))
    if chance(0.06):
        question = pick("can you tell me ", "could you say ", "I want to know ", "I would like to know ", "do you know ") + question
    return roughen(question), chosen["answer"]


def small_talk():
    questions, answer = pick(SMALL_TALK)
    return roughen(pick(questions), False), answer if isinstance(answer, str) else pick(answer)


def capital():
    if chance(0.08):
        return roughen(expand(f"[what is|tell me] the capital of {nonsense(2, 3).capitalize()}")), FALLBACK
    country = pick(list(CAPITALS))
    if chance(0.15):
        ask = expand(f"[{CAPITALS[country]} is the capital of which country|which country has the capital {CAPITALS[country]}]")
        named = next(land for land, town in CAPITALS.items() if town == CAPITALS[country])
        return roughen(ask), f"{CAPITALS[country]} is the capital of {named}."
    ask = expand(f"[what is the capital of {country}|tell me the capital of {country}|{country} capital|capital of {country}"
                 f"|what's the capital of {country}|which city is the capital of {country}|what is the capital city of {country}"
                 f"|do you know the capital of {country}|name the capital of {country}|what is {country}'s capital]")
    return roughen(ask), f"The capital of {country} is {CAPITALS[country]}."


def sum_of():
    sign = pick("plus", "plus", "minus", "times")
    first, second = (random.randrange(11), random.randrange(11)) if sign == "times" else (random.randrange(21), random.randrange(13))
    if sign == "minus":
        first, second = max(first, second), min(first, second)
    result = {"plus": first + second, "minus": first - second, "times": first * second}[sign]
    mark = {"plus": "+", "minus": "-", "times": pick("*", "x")}[sign]
    ask = pick(f"what is {first} {sign} {second}", f"{first} {mark} {second}", f"what is {first} {mark} {second}",
               f"how much is {first} {sign} {second}", f"{first} {sign} {second}", f"calculate {first} {mark} {second}",
               f"{first}{mark}{second}", f"what's {first}{mark}{second}", f"{first} {mark} {second} =", f"compute {first} {sign} {second}")
    return roughen(ask), f"{first} {sign} {second} is {result}."


def big_sum():
    first, second = random.randint(100, 99999), random.randint(20, 99999)
    mark = pick("*", "+", "-", "/", "times", "plus", "divided by")
    return roughen(pick(f"what is {first} {mark} {second}", f"{first} {mark} {second}", f"calculate {first} {mark} {second}")), \
        "That is too hard for a tiny model. I can only do small sums."


def opposite():
    pair = pick(OPPOSITES)
    word, other = pair if chance(0.5) else pair[::-1]
    ask = pick(f"what is the opposite of {word}", f"opposite of {word}", f"the opposite of {word}", f"what's the opposite of {word}",
               f"tell me the opposite of {word}", f"give me the opposite of {word}", f"which word is the opposite of {word}")
    return roughen(ask), f"The opposite of {word} is {other}."


def counting():
    last = random.randint(2, 30) if chance(0.5) else random.randint(2, 12)
    if chance(0.2):
        ask = pick(f"count down from {last}", f"count backwards from {last}")
        return roughen(ask, False), ", ".join(map(str, range(last, 0, -1))) + "."
    first = random.randint(2, last - 1) if last > 4 and chance(0.25) else 1
    ask = f"count from {first} to {last}" if first > 1 else pick(f"count to {last}", f"count from 1 to {last}",
        f"please count to {last}", f"can you count to {last}", f"count up to {last}", f"list the numbers from 1 to {last}")
    return roughen(ask, False), ", ".join(map(str, range(first, last + 1))) + "."


def story():
    animal = pick(ANIMALS)
    asked = chance(0.5)
    ask = pick(f"tell me a story about a {animal}", f"write a story about a {animal}", f"a story about a {animal}",
               f"tell me a short story about a {animal}") if asked else pick("tell me a story", "write a short story",
               "tell me a short story", "a story please", "can you tell me a story", "write a story", "I want a story")
    name, friend = pick(NAMES), pick([other for other in ANIMALS if other != animal])
    place = pick("forest", "garden", "village", "old house", "park", "farm")
    thing = pick("red ball", "blue kite", "shiny key", "small boat", "warm hat", "green apple")
    feeling = pick("happy", "sad", "curious", "brave", "tired")
    opening = pick(f"Once upon a time there was a little {animal} named {name}. {name} lived in the {place} and was very {feeling}. One day {name} found a {thing}.",
                   f"There was a {animal} called {name} who lived near the {place}. Every day {name} played with a {thing}.")
    ending = pick(f"Then a {friend} came and they played together until the sun went down. The end.",
                  f"A {friend} asked to see it, and {name} said yes. They became good friends. The end.")
    return roughen(ask, False), f"{opening} {ending}"


def little_things():
    kind = random.randrange(5)
    if kind == 0:
        thing = pick(list(THINGS))
        return roughen(pick(f"what color is {thing}", f"what colour is {thing}", f"which color has {thing}")), f"{thing[0].upper()}{thing[1:]} is {THINGS[thing]}."
    if kind == 1:
        animal = pick(list(SOUNDS))
        return roughen(pick(f"what does a {animal} say", f"what sound does a {animal} make")), f"A {animal} says {SOUNDS[animal]}."
    listed, word = pick((DAYS, "day"), (MONTHS, "month"))
    place = random.randrange(len(listed))
    if kind in (2, 3):
        return roughen(pick(f"what comes after {listed[place]}", f"which {word} comes after {listed[place]}",
                            f"what {word} is after {listed[place]}")), f"After {listed[place]} comes {listed[(place + 1) % len(listed)]}."
    return roughen(pick(f"what comes before {listed[place]}", f"which {word} comes before {listed[place]}")), \
        f"Before {listed[place]} comes {listed[place - 1]}."


def repeat():
    words = phrase(1, 6)
    ask = pick(f"say {words}", f"repeat after me: {words}", f"repeat: {words}", f"say: {words}", f"please say {words}", f"echo {words}",
               f'say "{words}"', f"just say {words}", f"repeat {words}", f"say only {words}", f"reply with {words}", f"answer with {words}")
    text = ask[0].upper() + ask[1:] if chance(0.6) else ask
    return text + ("." if chance(0.25) else ""), words


def copying():
    """Longer texts to repeat: they teach attention to copy, which tool calls and JSON live on."""
    words = [pick(nonsense, code_like, person, city, lambda: pick(NOUNS), lambda: str(number()), lambda: phrase(1, 2))() for _ in range(random.randint(3, 24))]
    text = pick(" ", " ", " ", ", ", "\n", '", "', " - ").join(words)
    return exchange(pick("Repeat: ", "Repeat after me: ", "Say: ", "Say ", "repeat ", "echo ", "Copy: ", "Write: ") + text + pick("", "", ".") if chance(0.9) else f'Say "{text}"', text)


def unknown():
    topic = pick("quantum physics", "the stock market", "gravity", "love", "photosynthesis", "democracy", "the war", "inflation",
                 "black holes", "evolution", "jazz", "football", "chess", "history", "philosophy", "the moon", "dinosaurs", "economics",
                 "climate change", "the brain", "art", "religion", "volcanoes", "music", "cooking", "politics", "mathematics", f"{nonsense()}",
                 f"the {pick(NOUNS)}", f"{pick(COLOURS)} {pick(NOUNS)}s", f"{pick(FOODS)}", "einstein", "shakespeare", "napoleon", "the roman empire")
    language = pick("French", "German", "Spanish", "Italian", "Chinese", "Latin")
    program = pick("Python", "Java", "Rust", "JavaScript", "SQL", "C", "Go", "bash")
    who = pick("the president", "the king of Spain", "the best player", "the inventor of the telephone", "the author of Hamlet", "Einstein",
               f"{nonsense().capitalize()} {nonsense().capitalize()}", "the richest man", "the queen", "Mozart", "the pope")
    ask = expand(f"[explain {topic}|what is {topic}|tell me about {topic}|why is {topic} important|how does {topic} work|what do you think about {topic}"
                 f"|write an essay about {topic}|write [a|some] {program} [function|code|program|script]|how do I write {program}|summarize {topic}|what causes {topic}"
                 f"|translate {phrase(1, 3)} [to|into] {language}|how do you say {pick(FOODS)} in {language}|who is {who}|who was {who}|when was {who} born"
                 f"|when did {who} die|what is the meaning of [life|{nonsense()}]|who won the [world cup|election|race|game] in {random.randint(1900, 2030)}"
                 f"|how [far|old|heavy|deep|tall] is [the moon|the sun|the earth|mount everest|{city()}|the {pick(NOUNS)}]|what is the [weather|time|news|temperature|date] [today|now|in {city()}|]"
                 f"|how do I cook {pick(FOODS)}|what is the best [way|time] to [{pick(VERBS)} a {pick(NOUNS)}|learn {language}|lose weight|sleep]"
                 f"|recommend a [book|movie|song|restaurant|hotel|game]|what should I [eat|read|buy|wear|watch] [today|now|]|how many [people|cars|{pick(NOUNS)}s] are [in {city()}|there]"
                 f"|who [invented|discovered|wrote|painted] [the {pick(NOUNS)}|{topic}|penicillin|faust|the mona lisa]|can you [{pick(VERBS)} my {pick(NOUNS)}|drive a car|dance|sing|see|feel|fly]"
                 f"|what is the {pick(PROPERTIES)} of [the {pick(NOUNS)}|{nonsense()}|gold|my {pick(NOUNS)}]|where is [my {pick(NOUNS)}|{city()}|the {pick(NOUNS)}]"
                 f"|how do I {pick(VERBS)} [a|the|my] {pick(NOUNS)}|what happened [in {random.randint(1000, 2020)}|yesterday]|fix this [bug|code|text]|is [god|{person()}|{topic}] real"
                 f"|I want to [buy|build|paint|cook|sell] a {pick(NOUNS)}|why [is the sky blue|do birds fly|do we dream|is water wet]|{nonsense()} {nonsense()} {nonsense()}|{nonsense()}]")
    return roughen(ask), FALLBACK


MAKERS = [(fact, 42), (small_talk, 9), (capital, 7), (sum_of, 9), (big_sum, 1), (opposite, 4), (counting, 4), (story, 4),
          (little_things, 3), (repeat, 7), (unknown, 13)]


def question():
    """One question with its answer."""
    makers, weights = zip(*MAKERS)
    return random.choices(makers, weights)[0]()


def exchange(ask, answer):
    return [user(ask), assistant(answer)]


def chat():
    """A few independent questions in a row, sometimes many."""
    turns = pick(1, 1, 1, 2, 2, 3) if chance(0.97) else random.randint(4, 10)
    return [message for _ in range(turns) for message in exchange(*question())]


def memory():
    """The user tells something about himself; later he asks for it."""
    told = random.sample(["name", "city", "colour", "animal", "food"], 1 if chance(0.6) else 2)
    if chance(0.6):
        told = ["name"] + [item for item in told[1:] if item != "name"]
    parts = {
        "name": (person(), ["my name is {}", "I am {}", "I'm {}", "hi, my name is {}", "hello, I am {}", "call me {}", "hi, I am {}", "hey I'm {}"],
                 "Nice to meet you, {}!", ["what is my name", "who am I", "do you remember my name", "what's my name", "tell me my name", "do you know my name"], "Your name is {}."),
        "city": (city(), ["I live in {}", "I am from {}", "my home is {}", "my city is {}"], "{} sounds nice.",
                 ["where do I live", "where am I from", "which city do I live in", "what is my city"], "You live in {}."),
        "colour": (pick(COLOURS), ["my favorite color is {}", "my favourite colour is {}", "I like the color {}"], "Good choice, {} is nice.",
                   ["what is my favorite color", "what is my favourite colour", "which color do I like"], "Your favorite color is {}."),
        "animal": (pick(ANIMALS) if chance(0.7) else nonsense(), ["I have a {}", "my pet is a {}", "I own a {}"], "A {} is good company.",
                   ["what pet do I have", "which animal do I have", "what is my pet"], "You have a {}."),
        "food": (pick(FOODS) if chance(0.7) else nonsense(), ["I like {}", "my favorite food is {}", "I love {}", "I like to eat {}"], "I hear that {} is good.",
                 ["what do I like", "what is my favorite food", "what food do I like"], "You like {}."),
    }
    messages = []
    for item in told:
        value, says, reply, _, _ = parts[item]
        say = pick(says).format(value)
        say = (say[0].upper() + say[1:] if chance(0.7) else say) + pick("", ".", ".", "!")
        messages += exchange(say, reply.format(value))
    for _ in range(pick(0, 0, 1, 1, 2)):
        messages += exchange(*question())
    for item in random.sample(told, len(told)) if chance(0.85) else []:
        value, _, _, asks, answer = parts[item]
        messages += exchange(roughen(pick(asks)), answer.format(value))
    if chance(0.1):
        missing = pick([item for item in parts if item not in told])
        messages += exchange(roughen(pick(parts[missing][3])), "You have not told me yet.")
    return messages


def reading():
    """A question about a text that is given with it."""
    name, town, age, pet = person(), city(), number(2), pick(ANIMALS)
    facts = [(f"{name} lives in {town}.", f"where does {name} live", f"{name} lives in {town}."),
             (f"{name} is {age} years old.", f"how old is {name}", f"{name} is {age} years old."),
             (f"{name} has a {pet}.", f"what pet does {name} have", f"{name} has a {pet}.")]
    noun, quality, value = pick(NOUNS), pick(PROPERTIES), pick(str(number()), nonsense(), code_like())
    facts.append((f"The {quality} of the {noun} is {value}.", f"what is the {quality} of the {noun}", f"The {quality} of the {noun} is {value}."))
    chosen = random.sample(facts, random.randint(1, 4))
    text = " ".join(fact_[0] for fact_ in chosen)
    ask, answer = pick(chosen)[1:]
    ask = roughen(ask)
    return exchange(pick(f"{text} {ask}", f"{text}\n{ask}", f"Context: {text}\nQuestion: {ask}", f"Text: {text}\n\n{ask}", f"{ask}\n\n{text}"), answer)


def code_like():
    return f"{nonsense()}-{number(3)}"
