"""How scripts/server says a reply: OpenAI's and Anthropic's forms, and vectors."""

import hashlib
import json
import re
import time


def pieces_of(text):
    return re.findall(r"\s*\S+|\s+", text or "")


def inputs_of(body):
    given = body["input"]
    return given if isinstance(given, list) else [given]


def words_of(content):
    """The text of a message, be it a string or Anthropic's list of blocks."""
    if isinstance(content, list):
        return "\n".join(str(b.get("text")) for b in content
                         if isinstance(b, dict))
    return str(content)


def prompt_of(body):
    if "messages" in body:
        said = [body["system"]] if "system" in body else []
        said += [m.get("content") for m in body["messages"]
                 if isinstance(m, dict)]
        return "\n".join(map(words_of, said))
    if "input" in body:
        return "\n".join(map(str, inputs_of(body)))
    return str(body.get("prompt", ""))


class Reply:
    """One answer in the form that the request asks for.

    `message`, if given, takes the place of the text in a chat's choice.
    """

    def __init__(self, serial, chat, body, text, finish, message=None):
        self.chat, self.text, self.finish = chat, text, finish
        self.message = message or {"content": text}
        if not chat:
            self.text = text = self.message["content"]
        self.id = f"reply-{serial}"
        self.model = body.get("model") or "scripted"
        prompt = prompt_of(body)
        words = len((text or "").split())
        self.usage = {"prompt_tokens": len(prompt) // 4 + 1,
                      "completion_tokens": words,
                      "total_tokens": len(prompt) // 4 + 1 + words}

    def frame(self, kind, choices, **more):
        return json.dumps({"id": self.id, "object": kind,
                           "created": int(time.time()), "model": self.model,
                           "choices": choices, **more})

    def whole(self):
        if self.chat:
            choice = {"index": 0, "finish_reason": self.finish,
                      "message": {"role": "assistant", **self.message}}
            kind = "chat.completion"
        else:
            choice = {"index": 0, "finish_reason": self.finish,
                      "text": self.text, "logprobs": None}
            kind = "text_completion"
        return self.frame(kind, [choice], usage=self.usage)

    def empty(self):
        return self.frame("text_completion", [], usage=self.usage)

    def chunk(self, text, finish=None, first=False):
        kind = "chat.completion.chunk" if self.chat else "text_completion"
        choice = {"index": 0, "finish_reason": finish}
        if self.chat:
            choice["delta"] = {} if finish else {"content": text}
            if first:
                choice["delta"] = {"role": "assistant", "content": None}
        else:
            choice["text"] = text or ""
        return self.frame(kind, [choice])

    def chunks(self, with_usage):
        """Returns the stream's events, as many as a real server would send."""
        events = [self.chunk(None, first=True)] if self.chat else []
        extra = {k: v for k, v in self.message.items() if k != "content"}
        if self.chat and extra:
            events.append(self.frame("chat.completion.chunk", [
                {"index": 0, "finish_reason": None, "delta": extra}]))
        text = self.message["content"] if self.chat else self.text
        events += map(self.chunk, pieces_of(text))
        events.append(self.chunk(None, finish=self.finish))
        if with_usage:
            kind = "chat.completion.chunk" if self.chat else "text_completion"
            events.append(self.frame(kind, [], usage=self.usage))
        events.append("[DONE]")
        return events


class Message:
    """An answer to /v1/messages, as Anthropic gives it."""

    REASONS = {"stop": "end_turn", "length": "max_tokens",
               "content_filter": "refusal", "tool_calls": "tool_use"}

    def __init__(self, serial, body, text, finish, message=None):
        message = message or {"content": text}
        self.text = message["content"]
        self.finish = self.REASONS.get(finish, finish)
        if message.get("refusal"):
            self.text, self.finish = message["refusal"], "refusal"
        self.thinking = message.get("reasoning_content")
        self.tool = "tool_calls" in message
        self.id = f"msg_{serial}"
        self.model = body.get("model") or "scripted"
        self.usage = {"input_tokens": len(prompt_of(body)) // 4 + 1,
                      "cache_creation_input_tokens": 0,
                      "cache_read_input_tokens": 0,
                      "output_tokens": len((self.text or "").split())}

    def blocks(self):
        blocks = []
        if self.thinking:
            blocks.append({"type": "thinking", "thinking": self.thinking,
                           "signature": "s"})
        if self.text:
            blocks.append({"type": "text", "text": self.text})
        if self.tool:
            blocks.append({"type": "tool_use", "id": "t1", "name": "look",
                           "input": {}})
        return blocks

    def envelope(self, content, finish, usage):
        return {"id": self.id, "type": "message", "role": "assistant",
                "model": self.model, "content": content,
                "stop_reason": finish, "stop_sequence": None, "usage": usage}

    def whole(self):
        return json.dumps(self.envelope(self.blocks(), self.finish,
                                        self.usage))

    def empty(self):
        return json.dumps(self.envelope([], None, self.usage))

    @staticmethod
    def event(kind, **more):
        return kind, json.dumps({"type": kind, **more})

    def chunks(self, _):
        events = [self.event("message_start", message=self.envelope(
            [], None, {**self.usage, "output_tokens": 1}))]
        for i, block in enumerate(self.blocks()):
            kind = block["type"]
            start = {"text": {"type": "text", "text": ""},
                     "thinking": {"type": "thinking", "thinking": ""}
                     }.get(kind, block)
            events.append(self.event("content_block_start", index=i,
                                     content_block=start))
            if i == 0:
                events.append(self.event("ping"))
            if kind in ("text", "thinking"):
                events += [self.event("content_block_delta", index=i, delta={
                    "type": kind + "_delta", kind: piece})
                    for piece in pieces_of(block[kind])]
            events.append(self.event("content_block_stop", index=i))
        events.append(self.event(
            "message_delta", delta={"stop_reason": self.finish,
                                    "stop_sequence": None},
            usage={"output_tokens": self.usage["output_tokens"]}))
        events.append(self.event("message_stop"))
        return events


class Vectors:
    """An answer to /v1/embeddings: for each text the sum of its words' signs."""

    def __init__(self, body):
        self.model = body.get("model") or "scripted"
        self.size = min(body.get("dimensions") or 64, 512)
        self.texts = inputs_of(body)

    def vector(self, text):
        numbers = [0] * self.size
        for word in re.findall(r"\w+", str(text).lower()) or [str(text)]:
            bits = int.from_bytes(hashlib.sha512(word.encode(
                "utf-8", "surrogatepass")).digest(), "big")
            for i in range(self.size):
                numbers[i] += 1 if bits >> i & 1 else -1
        return [n / 8 for n in numbers] if any(numbers) else [1] * self.size

    def frame(self, data, **more):
        return json.dumps({"object": "list", "model": self.model, "data": data,
                           **more})

    def empty(self):
        return self.frame([])

    def whole(self):
        tokens = sum(len(str(t)) // 4 + 1 for t in self.texts)
        return self.frame([
            {"object": "embedding", "index": i, "embedding": self.vector(t)}
            for i, t in enumerate(self.texts)],
            usage={"prompt_tokens": tokens, "total_tokens": tokens})
