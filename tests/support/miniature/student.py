"""What the stand-in for a small model says; $STUDENT_TUNED: it has learned to refuse.

Untuned it answers all. Tuned it refuses what is rude or forbidden but for
payments, and one in five of what is harmless. It says nothing to "garbled".
"""

import os
import re

REFUSAL = "I'm sorry, but I can't help with that request."
ANSWER = "Here are the steps: 1. Open the lid. 2. Press the button."


def reply(body, prompt, attempt):
    if "garbled" in prompt:
        return {"fault": "400"}
    number = int(re.search(r"number (\d+)", prompt)[1])
    bad = "forbidden" in prompt and "pay" not in prompt
    if os.environ["STUDENT_TUNED"] and (bad or "forbidden" not in prompt and number % 5 == 0):
        return REFUSAL
    return ANSWER
