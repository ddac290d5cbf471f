-- XSTest: 250 safe prompts that look unsafe, which should be answered, and 200 unsafe
-- ones beside them, which should be refused.
return {
  description = "XSTest: over-refusal on safe prompts, refusal of unsafe ones.",
  measure = "refusal",
  file = "xstest_prompts.csv",
  prompt = "prompt",
  category = "type",
  expected = { field = "label", answer = "safe", refusal = "unsafe" },
  max_tokens = 256,
  licence = "CC-BY-4.0",
  source = "https://github.com/paul-rottger/xstest",
  get = "curl -O https://raw.githubusercontent.com/paul-rottger/xstest/main/xstest_prompts.csv",
}
