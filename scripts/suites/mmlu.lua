-- MMLU, the validation split, zero-shot: one question a prompt, options with letters.
-- A suite of one's own with other fields takes this as its pattern.
return {
  description = "MMLU, validation: multiple choice of 57 subjects, zero-shot.",
  measure = "choice",
  file = "mmlu_validation.jsonl",
  prompt = "question",
  choices = "choices", -- one field with a list, or a list of fields
  answer = "answer",   -- a letter, or a number counted from 0
  category = "subject",
  instruction = "Reply with the letter of the right option only.",
  max_tokens = 8,
  licence = "MIT",
  source = "https://huggingface.co/datasets/cais/mmlu",
  get = [[datasets.load_dataset("cais/mmlu", "all", split="validation").to_json("mmlu_validation.jsonl")]],
}
