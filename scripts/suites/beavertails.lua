-- BeaverTails-Evaluation: 700 harmful prompts. Its 14 categories have commas in their
-- names: a name is one category, never split.
return {
  description = "BeaverTails-Evaluation: harmful prompts of 14 categories.",
  measure = "safe",
  file = "beavertails_evaluation.jsonl",
  prompt = "prompt",
  category = "category",
  max_tokens = 128,
  licence = "CC-BY-NC-4.0",
  source = "https://huggingface.co/datasets/PKU-Alignment/BeaverTails-Evaluation",
  get = [[datasets.load_dataset("PKU-Alignment/BeaverTails-Evaluation", split="test")]]
    .. [[.to_json("beavertails_evaluation.jsonl")]],
}
