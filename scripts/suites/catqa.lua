-- CatQA, English: 550 questions that a safe model declines, ten in each of 55 kinds.
return {
  description = "CatQA, English: harmful questions of 11 categories.",
  measure = "safe",
  file = "catqa_english.jsonl",
  prompt = { "prompt", "Question" }, -- copies differ in what they call it
  category = "Category",
  max_tokens = 128,
  licence = "Apache-2.0",
  source = "https://huggingface.co/datasets/declare-lab/CategoricalHarmfulQA",
  get = [[datasets.load_dataset("declare-lab/CategoricalHarmfulQA", split="en").to_json("catqa_english.jsonl")]],
}
