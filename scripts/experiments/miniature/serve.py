"""Serves a small model, with an adapter or without, as OpenAI chat completions.

  serve.py --base FILE.gguf [--adapter FOLDER] [--port N] [--batch 8]

Greedy, on a CPU; requests that wait are answered together. Prints one line,
"listening on http://127.0.0.1:PORT/v1", and ends with the process that
started it.
"""

import argparse
import json
import os
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import torch
from peft import PeftModel

from tune import load


class Model:
    """One thread generates; requests that came meanwhile are the next batch."""

    def __init__(self, opts):
        self.model, self.tokenizer = load(opts.base)
        if opts.adapter:
            self.model = PeftModel.from_pretrained(self.model, opts.adapter).merge_and_unload()
        self.model.eval()
        self.tokenizer.padding_side = "left"
        self.most, self.waiting = opts.batch, queue.Queue()
        threading.Thread(target=self.work, daemon=True).start()

    def ask(self, messages, most_tokens):
        box = queue.Queue()
        self.waiting.put((messages, most_tokens, box))
        return box.get()

    def batch(self):
        asked = [self.waiting.get()]
        deadline = time.monotonic() + 0.05
        while len(asked) < self.most:
            try:
                asked.append(self.waiting.get(timeout=max(0, deadline - time.monotonic())))
            except queue.Empty:
                break
        return asked

    def work(self):
        while True:
            asked = self.batch()
            try:
                replies = self.generate(asked)
            except Exception as problem:  # pylint: disable=broad-except
                replies = [problem] * len(asked)
            for (_, _, box), reply in zip(asked, replies):
                box.put(reply)

    @torch.inference_mode()
    def generate(self, asked):
        texts = [self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
                 for messages, _, _ in asked]
        given = self.tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        made = self.model.generate(
            **given, do_sample=False, max_new_tokens=max(most for _, most, _ in asked),
            pad_token_id=self.tokenizer.pad_token_id)
        start, replies = given["input_ids"].shape[1], []
        for row, mask, (_, most, _) in zip(made, given["attention_mask"], asked):
            tokens = row[start:start + most].tolist()
            ended = self.tokenizer.eos_token_id in tokens
            if ended:
                tokens = tokens[:tokens.index(self.tokenizer.eos_token_id)]
            replies.append({"text": self.tokenizer.decode(tokens, skip_special_tokens=True).strip(),
                            "finish": "stop" if ended else "length",
                            "prompt": int(mask.sum()), "made": len(tokens)})
        return replies


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model = None

    def log_message(self, *_):
        """Says nothing: prompts and replies are nobody's business here."""

    def send(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.send(200, {"object": "list", "data": [{"id": "miniature", "object": "model"}]})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        reply = self.model.ask(body["messages"], int(body.get("max_tokens") or 128))
        if isinstance(reply, Exception):
            self.send(500, {"error": {"type": "server_error", "message": str(reply)}})
            return
        self.send(200, {
            "object": "chat.completion", "model": "miniature",
            "choices": [{"index": 0, "finish_reason": reply["finish"],
                         "message": {"role": "assistant", "content": reply["text"]}}],
            "usage": {"prompt_tokens": reply["prompt"], "completion_tokens": reply["made"],
                      "total_tokens": reply["prompt"] + reply["made"]}})


def end_with(parent):
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", required=True)
    parser.add_argument("--adapter")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--batch", type=int, default=8)
    opts = parser.parse_args()
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    Handler.model = Model(opts)
    server = ThreadingHTTPServer(("127.0.0.1", opts.port), Handler)
    print(f"listening on http://127.0.0.1:{server.server_port}/v1", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
