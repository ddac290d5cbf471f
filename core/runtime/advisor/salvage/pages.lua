--- The pages of a database file and of the log beside it, read as bytes: SQLite itself
--- refuses a file whose first page is damaged, and its recovery is not in the library
--- that distributions ship. The format is sqlite.org/fileformat2.html.
local core = require("advisor_core")
local log = require("advisor.salvage.log")

local pages = {}
pages.__index = pages

local USUAL_SIZE = 4096

--- The size of a page, as whichever file still tells it: a log whose header is sound counts
--- most, as it does for SQLite, and one that is not counts least.
local function page_size(head, header)
  if header and header.sound then return header.size end
  if #head >= 18 and head:sub(1, 15) == "SQLite format 3" then
    local size = string.unpack(">I2", head, 17)
    if size == 1 then size = 65536 end
    if log.is_size(size) then return size end
  end
  return header and header.size or USUAL_SIZE
end

local function size_of(path)
  return (core.system.info(path) or {}).size or 0
end

--- Takes the pages of the log: those that SQLite would, each in its last form, and beside
--- them what a damaged log holds beyond. Of that the file may already have a page which the
--- sound part of the log has in an earlier form.
local function take_log(self, path, header)
  local committed, later, damaged = log.frames(self.log, size_of(path), header, self.size)
  for _, page in ipairs(later) do page.file = self.log end
  for number, offset in pairs(committed) do
    local hidden = self.versions[number]
    self.versions[number] = { file = self.log, offset = offset }
    if damaged and hidden then later[#later + 1] = { number = number, file = hidden.file, offset = hidden.offset } end
  end
  for _, page in ipairs(later) do self.newer[page.number] = self.newer[page.number] or page end
  self.later = later
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

--- The numbers of the pages that are there, in order: those of a log may be far apart.
local function numbers_of(versions)
  local numbers = {}
  for number in pairs(versions) do numbers[#numbers + 1] = number end
  table.sort(numbers)
  return numbers
end

--- Opens the files of a run folder for reading. Neither is changed. `numbers` are those of
--- the pages that SQLite would read; `later` are those that it would not, of a log that
--- is damaged, the best first; each is for `pages:read`.
---@param folder string
---@return table|nil pages nil, message where there is nothing to read.
---@return string|nil message
function pages.open(folder)
  local path = folder .. "/run.db"
  local file, why = open_file(path)
  local log_file = open_file(path .. "-wal")
  if not file and not log_file then return nil, why end
  local self = setmetatable({ file = file, log = log_file, versions = {}, newer = {}, later = {} }, pages)
  local header = log_file and log.header(log_file)
  self.size = page_size(file and log.read_at(file, 0, 100) or "", header)
  self.usable = self.size
  if file then take_file(self, path) end
  if header then take_log(self, path .. "-wal", header) end
  -- The first page may be in the log.
  local head = self:read(1) or ""
  self.usable = self.size - (head:sub(1, 15) == "SQLite format 3" and head:byte(21) or 0)
  self.numbers = numbers_of(self.versions)
  self.free = free_pages(self)
  return self
end

--- How many pages are there, whichever file has them.
---@return integer
function pages:count()
  local n = #self.numbers
  for number in pairs(self.newer) do n = n + (self.versions[number] and 0 or 1) end
  return n
end

--- A page as SQLite would read it, or one of `later`.
---@param page integer|table Its number, or one of `later`.
---@return string|nil bytes As long as a page; what a cut file lacks is zeros.
---@return integer|nil length How much of it is there.
function pages:read(page)
  local version = type(page) == "table" and page or self.versions[page]
  if not version then return nil end
  local bytes = log.read_at(version.file, version.offset, self.size)
  return bytes .. ("\0"):rep(self.size - #bytes), #bytes
end

--- A page that goes on a long row; nil where it is not there in full, or was zeroed.
---@param number integer
---@param later boolean|nil The row is on a page of `later`, and so may be what it goes on with.
---@return string|nil bytes
function pages:read_whole(number, later)
  local bytes, length = self:read(later and self.newer[number] or number)
  return bytes and length == self.size and bytes:find("[^\0]") and bytes or nil
end

--- Closes the files.
function pages:close()
  if self.file then self.file:close() end
  if self.log then self.log:close() end
end

return pages
