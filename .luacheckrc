std = "lua54"
max_line_length = 120
max_string_line_length = false -- prompts go out as they stand
max_cyclomatic_complexity = 16
exclude_files = { "build*", "runs" }
files["tests"] = { std = "+busted" }
files["core/runtime/meta"] = { ignore = { "212", "221", "241" } }
files["scripts/experiments"] = { read_globals = { "env", "include" } }
files["tests/bench"] = { read_globals = { "env", "include" } }
files["tests/e2e"] = { read_globals = { "env", "include" } }
