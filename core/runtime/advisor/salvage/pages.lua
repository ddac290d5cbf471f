--- The pages of a database file and of the log beside it, read as bytes: SQLite itself
--- refuses a file whose first page is damaged, and its recovery is not in the library
--- that distributions ship. The format is sqlite.org/fileformat2.html.
local core = require("advisor_core")

local pages = {}
pages.__index = pages

local USUAL_SIZE = 4096
local LOG_HEADER, FRAME_HEADER = 32, 24
local LOG_MAGIC = "\x37\x7f\x06"

local function is_size(size)
  return size >= 512 and size <= 65536 and size & (size - 1) == 0
end

local function read_at(file, offset, length)
  file:seek("set", offset)
  return file:read(length) or ""
end

--- The size of a page, as whichever file still tells it: the log counts more, as it does
--- for SQLite.
local function page_size(head, log_head)
  if #log_head >= 12 and log_head:sub(1, 3) == LOG_MAGIC then
    local size = string.unpack(">I4", log_head, 9)
    if is_size(size) then return size end
  end
  if #head >= 18 and head:sub(1, 15) == "SQLite format 3" then
    local size = string.unpack(">I2", head, 17)
    if size == 1 then size = 65536 end
    if is_size(size) then return size end
  end
  return USUAL_SIZE
end

--- Takes the committed pages of the log, each in its last form. What was not committed
--- is left out, and so is what an earlier use of the file left behind.
local function take_log(self, log, length)
  local frame, head_of_log = FRAME_HEADER + self.size, read_at(log, 0, LOG_HEADER)
  local salts, pending = read_at(log, LOG_HEADER + 8, 8), {}
  if head_of_log:sub(1, 3) == LOG_MAGIC then salts = head_of_log:sub(17, 24) end
  for offset = LOG_HEADER, length - frame, frame do
    local head = read_at(log, offset, FRAME_HEADER)
    if #head < FRAME_HEADER or head:sub(9, 16) ~= salts then break end
    local number, committed = string.unpack(">I4I4", head)
    pending[#pending + 1] = { number = number, offset = offset + FRAME_HEADER }
    if committed > 0 then
      for _, page in ipairs(pending) do
        local known = self.versions[page.number]
        self.versions[page.number] = { file = log, offset = page.offset, older = known and (known.older or known) }
      end
      pending = {}
    end
  end
end

--- Numbers of pages that hold nothing any more: rows on them were deleted.
local function free_pages(self)
  local free, seen, most = {}, 0, self.numbers[#self.numbers] or 0
  local first = self:read(1) or ""
  local trunk = #first >= 36 and first:sub(1, 15) == "SQLite format 3" and string.unpack(">I4", first, 33) or 0
  while trunk > 0 and trunk <= most and not free[trunk] and seen <= #self.numbers do
    local page = self:read(trunk)
    if not page or #page < 8 then break end
    local next_trunk, n = string.unpack(">I4I4", page)
    free[trunk] = true
    for i = 1, math.min(n, (self.size - 8) // 4) do
      free[string.unpack(">I4", page, 5 + 4 * i)] = true
    end
    trunk, seen = next_trunk, seen + 1
  end
  return free
end

local function size_of(path)
  return (core.system.info(path) or {}).size or 0
end

--- Takes the pages of the database file. The last one may be cut short: what is left of
--- it is looked at as well.
local function take_file(self, path)
  for number = 1, (size_of(path) + self.size - 1) // self.size do
    self.versions[number] = { file = self.file, offset = (number - 1) * self.size }
  end
end

--- Opens a plain file: anything else could keep whoever reads it waiting.
local function open_file(path)
  local kind = core.system.kind(path)
  if kind and kind ~= "file" then return nil, path .. ": is not a file" end
  return io.open(path, "rb")
end

--- The numbers of the pages that are there, in order: those of a damaged log may be far
--- apart.
local function numbers_of(versions)
  local numbers = {}
  for number in pairs(versions) do numbers[#numbers + 1] = number end
  table.sort(numbers)
  return numbers
end

--- Opens the files of a run folder for reading. Neither is changed. `numbers` are those of
--- the pages that are there.
---@param folder string
---@return table|nil pages nil, message where there is nothing to read.
---@return string|nil message
function pages.open(folder)
  local path = folder .. "/run.db"
  local file, why = open_file(path)
  local log = open_file(path .. "-wal")
  if not file and not log then return nil, why end
  local self = setmetatable({ file = file, log = log, versions = {} }, pages)
  self.size = page_size(file and read_at(file, 0, 100) or "", log and read_at(log, 0, LOG_HEADER) or "")
  self.usable = self.size
  if file then take_file(self, path) end
  if log then take_log(self, log, size_of(path .. "-wal")) end
  -- The first page may be in the log.
  local head = self:read(1) or ""
  self.usable = self.size - (head:sub(1, 15) == "SQLite format 3" and head:byte(21) or 0)
  self.numbers = numbers_of(self.versions)
  self.free = free_pages(self)
  return self
end

--- A page as it was last committed, or as it was before.
---@param number integer
---@param older boolean|nil
---@return string|nil bytes As long as a page; what a cut file lacks is zeros.
---@return integer|nil length How much of it is there.
function pages:read(number, older)
  local version = self.versions[number]
  if version and older then version = version.older end
  if not version then return nil end
  local bytes = read_at(version.file, version.offset, self.size)
  return bytes .. ("\0"):rep(self.size - #bytes), #bytes
end

--- A page that goes on a long row; nil where it is not there in full, or was zeroed.
---@param number integer
---@return string|nil bytes
function pages:read_whole(number)
  local bytes, length = self:read(number)
  return bytes and length == self.size and bytes:find("[^\0]") and bytes or nil
end

--- Closes the files.
function pages:close()
  if self.file then self.file:close() end
  if self.log then self.log:close() end
end

return pages
