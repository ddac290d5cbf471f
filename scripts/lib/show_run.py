"""Shows what a run has kept and why it has dropped the rest.

Reads the program's own JSON: `show_run.py STATUS.json EXPORT.jsonl`.
"""

import json
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        status = json.load(f)
    with open(sys.argv[2], encoding="utf-8") as f:
        items = [json.loads(line) for line in f]

    dropped = sum(status["dropped"].values())
    tokens = status["tokens"]
    print(f"{status['rounds']} rounds, {status['calls']} calls, "
          f"{tokens['prompt']} + {tokens['completion']} tokens: "
          f"{status['kept']} kept, {dropped} dropped.")
    if items:
        print("\nSome of the kept items:")
        # Spread over the run, so that what the advice has changed is seen.
        step = max(1, len(items) // 8)
        for item in items[::step][:8]:
            target = item.get("target") or "no target"
            if isinstance(target, dict):
                target = target.get("text") or json.dumps(target)
            print(f"  {item['id']:8} [{target}] {item['text']}")
    if dropped:
        print("\nWhy others were dropped:")
        reasons = sorted(status["dropped"].items(), key=lambda x: -x[1])
        for reason, count in reasons:
            print(f"  {count:4}  {reason}")


if __name__ == "__main__":
    main()
