"""For scripts/server --script: some requests fail the first time or two.

What is said stays a function of the request; whether an arrival of it fails
follows from the request and from how often it has arrived.
"""

import hashlib
import json


def reply(body, prompt, attempt):
    draw = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    if draw[0] < 4 and attempt == 1:
        return {"fault": "429"}
    if draw[0] < 2 and attempt == 2:
        return {"fault": "500"}
    if 4 <= draw[0] < 6 and attempt == 1:
        return {"fault": "sse_no_done"}
    return None
