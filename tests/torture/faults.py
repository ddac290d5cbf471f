"""For scripts/server --script: a quarter of the requests is refused at first.

What is said stays a function of the request.
"""

import hashlib
import json


def reply(body, prompt, attempt):
    draw = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    if attempt == 1 and draw[0] < 64:
        return {"fault": "429"}
    if attempt == 1 and draw[0] < 96:
        return {"fault": "sse_no_done"}
    return None
