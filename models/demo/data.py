"""Makes the training conversations of the chat model, with a fixed seed."""
import random

from calls import SYSTEMS, calling, pair
from chatml import render, system
from shapes import extraction, invention, judgement
from talk import chat, copying, memory, reading
from words import chance, pick

PLAIN_SYSTEMS = SYSTEMS + ["Answer briefly.", "You are a friendly assistant.", "You are the demo model of llm-platform.", "Answer in one sentence.",
                           "You are a polite assistant. Answer the user's questions.", "Speak English.", "You help users of llm-platform.",
                           "You are a test assistant. Keep your answers short and clear."]
MIX = [(chat, 40), (copying, 12), (memory, 11), (reading, 7), (calling, 24), (pair, 2), (extraction, 7), (invention, 5), (judgement, 1)]


def conversation():
    """One conversation as (text, is_answer) parts."""
    makers, weights = zip(*MIX)
    maker = random.choices(makers, weights)[0]
    made = maker()
    messages, tools = made if isinstance(made, tuple) else (made, ())
    if maker in (chat, memory, reading) and chance(0.3):
        messages = [system(pick(PLAIN_SYSTEMS))] + messages
    return render(messages, tools)


if __name__ == "__main__":
    random.seed(3)
    for _ in range(40):
        print("".join(text for text, _ in conversation()), end="\n---\n")
