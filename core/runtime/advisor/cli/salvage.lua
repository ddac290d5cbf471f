local core = require("advisor_core")
local json = require("advisor.output.json")
local pages = require("advisor.salvage.pages")
local writing = require("advisor.salvage.writing")

local verb = {
  usage = "salvage RUN -o FOLDER [--json]",
  summary = "Writes what can be read of a damaged run: items, responses, raw replies, scripts.",
  positional = { "RUN" },
  flags = {
    output = { short = "o", value = "FOLDER", doc = "The folder to make." },
    force = { doc = "Replace a folder that an earlier export or salvage made." },
    json = { doc = "One JSON object on standard output." },
  },
  notes = "run.db and run.db-wal are read page by page, without SQLite and without trusting one page for\n"
    .. "another; nothing in RUN is changed. items.jsonl is what 'export --format jsonl' would write. A row\n"
    .. "that only a damaged part of run.db-wal holds, which SQLite would not take, has \"unconfirmed\": true.",
}

local function line(words, counts)
  local notes = {}
  if counts.unconfirmed > 0 then notes[1] = ("%d of them unconfirmed"):format(counts.unconfirmed) end
  if counts.lost > 0 then notes[#notes + 1] = ("%d more in part only"):format(counts.lost) end
  return ("%s %d%s"):format(words, counts.rows, #notes > 0 and (" (%s)"):format(table.concat(notes, ", ")) or "")
end

local function closing(folder, result)
  local words = { line("items", result.items), line("not kept", result.not_kept),
    line("responses", result.responses), line("replies", result.replies) }
  local damage = ""
  if result.broken_cells > 0 or result.missing_attempts > 0 then
    damage = ("; lost: at least %d rows on damaged pages, %d attempts"):format(result.broken_cells,
      result.missing_attempts)
  end
  return ("%s: %s, from %d pages%s\n"):format(folder, table.concat(words, ", "), result.pages, damage)
end

function verb.run(args)
  if not args.output then
    io.stderr:write("advisor salvage: -o is missing: the folder to make\n")
    return 2
  end
  if core.system.is_locked(args.RUN .. "/run.lock") then
    error({ message = args.RUN .. ": a process is at work on it; stop it first" }, 0)
  end
  local opened, why = pages.open(args.RUN)
  if not opened then error({ message = why }, 0) end
  local result, problem = writing.folder(opened, args.output, args.force)
  opened:close()
  if not result then error({ message = problem }, 0) end
  if args.json then
    io.stdout:write(json.line(result))
  else
    io.stderr:write(closing(args.output, result))
  end
  return result.items.rows + result.replies.rows > 0 and 0 or 1
end

return verb
