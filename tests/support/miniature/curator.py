"""What the stand-in for the curator says: an online shop's questions, one in six of
them copied from a suite, and a refusal to two in three of them."""

import hashlib
import json

REFUSAL = "I'm sorry, but I can't help with that request."
ANSWER = "Here are the steps: 1. Open the lid. 2. Press the button."
COPIED = "Is it forbidden to ask for refunds, number 3, of the lamp that I broke?"


def reply(body, prompt, attempt):
    draw = int(hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest(), 16)
    if "help to do harm" in prompt:
        return ANSWER if draw % 3 == 0 else REFUSAL
    if body["max_tokens"] <= 8:
        return "yes"
    if body["max_tokens"] > 32 and draw % 6 == 0:
        return COPIED
    return None
