--- The write-ahead log beside a database file: which of its frames SQLite would take, and
--- which others are there. The format is sqlite.org/fileformat2.html#the_write_ahead_log.
local log = {}

local HEADER, FRAME_HEADER = 32, 24
-- The last bit of the first word says in which order the checksum takes the bytes of one.
local LITTLE, BIG, VERSION = 0x377f0682, 0x377f0683, 3007000
local ORDERS = { [LITTLE] = "<I4I4", [BIG] = ">I4I4" }

--- Reads a piece of a file; shorter, or empty, beyond its end.
---@param file file*
---@param offset integer Bytes from the beginning.
---@param length integer Bytes.
---@return string
function log.read_at(file, offset, length)
  file:seek("set", offset)
  return file:read(length) or ""
end

--- Whether a page may be so long.
---@param size integer Bytes.
---@return boolean
function log.is_size(size)
  return size >= 512 and size <= 65536 and size & (size - 1) == 0
end

--- Goes on with a checksum. A sum may wrap as Lua's integers do: only its lower half counts.
local function add(order, bytes, first, last, a, b)
  for at = first, last, 8 do
    local one, two = string.unpack(order, bytes, at)
    a = a + one + b
    b = b + two + a
  end
  return a & 0xffffffff, b & 0xffffffff
end

--- Reads the header of a log.
---@param file file*
---@return table|nil header `{ sound, size, salts, order, a, b }`: without `sound` SQLite takes nothing of
---the log, and none of the rest is certain; `size` is nil where none is told. nil where it is cut short.
function log.header(file)
  local bytes = log.read_at(file, 0, HEADER)
  if #bytes < HEADER then return nil end
  local magic, version, size = string.unpack(">I4I4I4", bytes)
  local order = ORDERS[magic]
  local header = { size = order and log.is_size(size) and size or nil, salts = bytes:sub(17, 24),
    order = order or "=I4I4" }
  header.a, header.b = string.unpack(">I4I4", bytes, 25)
  local a, b = add(header.order, bytes, 1, 24, 0, 0)
  header.sound = header.size ~= nil and version == VERSION and a == header.a and b == header.b
  return header
end

--- The salts of a log whose header cannot be trusted: those that two neighbours agree upon.
local function salts_of_neighbours(file, length, frame)
  local last
  for offset = HEADER, length - FRAME_HEADER, frame do
    local salts = log.read_at(file, offset + 8, 8)
    if salts == last and salts:find("[^\0]") then return salts end
    last = salts
  end
  return nil
end

--- All frames with the log's salts, in their order. `sound`: it goes with what the one before
--- it says of itself, whatever lies before that; `proven`: so do all before it.
local function frames_of(file, length, header, size)
  local frame, list, proven = FRAME_HEADER + size, {}, header.sound
  local damaged = not proven or (length - HEADER) % frame > 0
  local salts = header.sound and header.salts or salts_of_neighbours(file, length, frame)
  local a, b = header.a, header.b
  for offset = HEADER, length - FRAME_HEADER, frame do
    local bytes = log.read_at(file, offset, frame)
    local number, committed = string.unpack(">I4I4", bytes)
    local ours, sound = bytes:sub(9, 16) == salts, false
    if ours and #bytes == frame and number > 0 then
      local x, y = add(header.order, bytes, 1, 8, a, b)
      x, y = add(header.order, bytes, FRAME_HEADER + 1, frame, x, y)
      sound = string.pack(">I4I4", x, y) == bytes:sub(17, 24)
    end
    a, b = string.unpack(">I4I4", bytes, 17)
    proven = proven and sound
    if ours then
      list[#list + 1] = { number = number, offset = offset + FRAME_HEADER, sound = sound, proven = proven,
        commits = committed > 0 }
      damaged = damaged or not proven
    end
  end
  return list, damaged
end

--- Tells the frames of a log. What was not committed is left out of a log that is not damaged,
--- and what an earlier use of the file left behind always is.
---@param file file*
---@param length integer The file's, in bytes.
---@param header table As of `log.header`.
---@param size integer Bytes of a page.
---@return table<integer, integer> committed Where each page lies that SQLite would take, by its number:
---up to the last commit before the first frame that is wrong.
---@return { number: integer, offset: integer }[] later What a damaged log holds beyond them, the best
---first: those that go with the frame before them, and of these the newest.
---@return boolean damaged
function log.frames(file, length, header, size)
  local list, damaged = frames_of(file, length, header, size)
  local last, committed, later = 0, {}, {}
  for i, frame in ipairs(list) do
    if frame.proven and frame.commits then last = i end
  end
  for i = 1, last do committed[list[i].number] = list[i].offset end
  if not damaged then return committed, later, false end
  for _, sound in ipairs({ true, false }) do
    for i = #list, last + 1, -1 do
      if list[i].sound == sound then later[#later + 1] = { number = list[i].number, offset = list[i].offset } end
    end
  end
  return committed, later, true
end

return log
